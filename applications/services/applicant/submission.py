"""Freeze an application as an immutable submission."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from accounts.register.lookup import queries
from applications.errors import Incomplete, require
from applications.models import Application, Submission
from applications.rules import answers, declarations, fields, sections, systems, unit_ownership
from applications.rules.certificate_names import names
from applications.services.applicant import identified
from applications.services.applicant.csr import require_unused_key
from applications.services.applicant.identified import Signature
from certportal.foundation import clock
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.database.related_rows import related_row
from certportal.foundation.errors import Refused
from certportal.foundation.text import invisible


def freeze(application: Application, signature: Signature, *, now: datetime) -> Submission:
    """Insert the submission as canonical JSON: sorted keys, no whitespace (similar to RFC 8785).

    Raises what `identified.require` raises, UnfitCsr if the key of the request has been used
    elsewhere since its upload, and what `obstacles` yields: Incomplete when parts are missing;
    NotStanding or OtherOwner when the unit may not be ordered for; ForeignOid for an OID of the
    system outside the organisation's own root, given without a reason.
    """
    identified.require(application, signature, now=now)
    if csr := related_row(application, "csr"):
        require_unused_key(application, csr)
    require(obstacles(application, now=now))
    frozen = _frozen(application, signature, now)
    text = json.dumps(frozen, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Submission.objects.create(
        application=application,
        number=frozen["number"],
        content=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        person=signature["person"],
        language=signature["language"],
        at=now,
        record_id=frozen["record_version"],
        csr_id=application.csr_id,
    )


@one_reading()
def _frozen(application: Application, signature: Signature, now: datetime) -> dict[str, Any]:
    today = clock.day(now)
    record = queries.standing(application.record_oid, application.record_kind, today).record
    assert record is not None
    person, language = signature["person"], signature["language"]
    ticked = signature["declarations"]
    declared = [name for name in declarations.asked(application) if name in ticked]
    hashes = [document.sha256 for document in answers.documents(application)]
    return (
        content(application, on=today)
        | declarations.published_as_sent()
        | ({"answer_documents": hashes} if hashes else {})
        | {
            "declarations": declared,
            "declared": declarations.in_words(declared, language),
            "language": language,
            "number": application.submissions.count() + 1,
            "organisation": application.organisation.name,
            "business_id": application.organisation.business_id,
            "unit": record.long_name,
            "subject": _subject(application, now),
            "person": str(person.pk),
            "person_name": str(person),
            "record_version": record.pk,
            "submitted_at": now.isoformat(),
        }
    )


def obstacles(application: Application, *, now: datetime) -> Iterator[Refused]:
    """Yield the reasons in the order's contents why it cannot be sent.

    The unit must be valid in the register today and belong to the organisation.
    """
    today = clock.day(now)
    if lacking := sections.missing(application, on=today):
        yield Incomplete([section.id for section in lacking])
    standing = queries.standing(application.record_oid, application.record_kind, today)
    yield from unit_ownership.obstacles(application.organisation, standing, today)
    if systems.is_unexplained(application, on=today):
        yield systems.ForeignOid()


def _subject(application: Application, now: datetime) -> dict[str, str]:
    """Return the names that the certificate would carry now; empty while a reviewer must choose."""
    certificate_names = names(application, now=now)
    if certificate_names is None:
        return {}
    subject = {"O": certificate_names.organisation.value, "L": certificate_names.locality}
    if certificate_names.unit is not None and application.kind.carries_unit:
        subject["OU"] = certificate_names.unit.value
    return subject


def content(application: Application, *, on: date) -> dict[str, Any]:
    """Return the fields that the form asks for on that day, by key in submissions, for JSON."""
    part_ids = {section.id for section in sections.asked(application, on=on)}
    values = {
        field.key: field.value(application) for field in fields.FIELDS if field.part in part_ids
    }
    return {"order": application.number, **values}


def is_as_sent(application: Application, *, now: datetime) -> bool:
    """Return whether the certified fields and the evidence equal those of the last submission.

    The applicant edits reopened parts in place; until they are sent they are in no submission.
    Evidence is what the reviewer weighs: the certificate of conformity, and the reason for a
    foreign OID of the system. A field added to the service after the submission counts as equal
    while empty. Line breaks and letters of texts saved before are as the browser sent them.
    """
    assert application.submission is not None
    sent = json.loads(application.submission.content)
    present = content(application, on=clock.day(now))
    certified = {field.key for field in fields.marked(fields.CERTIFIED)}
    weighed = {field.key for field in fields.marked(fields.WEIGHED)} & sent.keys()
    compared = (certified | weighed) & present.keys()
    return all(
        _alike(sent[name], present[name]) if name in sent else not present[name]
        for name in compared
    )


def _alike(sent: Any, present: Any) -> bool:
    if isinstance(sent, str) and isinstance(present, str):
        return invisible.as_taken(sent) == invisible.as_taken(present)
    return bool(sent == present)
