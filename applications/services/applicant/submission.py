"""Freezing: what was sent is kept as it stood."""

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
from certportal.foundation.errors import Refused


def freeze(application: Application, signature: Signature, *, now: datetime) -> Submission:
    """Insert the frozen submission: canonical JSON (RFC 8785 in spirit: sorted, no blanks).

    Raises what `identified.require` raises, UnfitCsr if the key of the request has got another use
    since its upload, and what `obstacles` yields: Incomplete when parts are missing; NotStanding or
    OtherOwner when the unit may not be ordered for; ForeignOid for an OID of the system outside
    their own root, given without a reason.
    """
    identified.require(application, signature, now=now)
    if application.csr is not None:
        require_unused_key(application, application.csr)
    require(obstacles(application, now=now))
    today = clock.day(now)
    record = queries.standing(application.record_oid, application.record_kind, today).record
    assert record is not None
    person, language = signature["person"], signature["language"]
    given = signature["declarations"]
    declared = [name for name in declarations.asked(application) if name in given]
    number = application.submissions.count() + 1
    frozen = (
        content(application, on=today)
        | declarations.published_as_sent()
        | _sent_along(application)
        | {
            "declarations": declared,
            "declared": declarations.in_words(declared, language),
            "language": language,
            "number": number,
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
    text = json.dumps(frozen, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Submission.objects.create(
        application=application,
        number=number,
        content=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        person=person,
        language=language,
        at=now,
        record=record,
        csr_id=application.csr_id,
    )


def _sent_along(application: Application) -> dict[str, list[str]]:
    """Return the hashes of the documents that go with an answer, if there are any."""
    found = [one.sha256 for one in answers.documents(application)]
    return {"answer_documents": found} if found else {}


def obstacles(application: Application, *, now: datetime) -> Iterator[Refused]:
    """Yield what keeps the order from being sent, as far as it lies in its contents.

    The unit must stand in the register today and be the organisation's own.
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
    found = names(application, now=now)
    if found is None:
        return {}
    subject = {"O": found.organisation.value, "L": found.locality}
    if found.unit is not None and application.kind.carries_unit:
        subject["OU"] = found.unit.value
    return subject


def content(application: Application, *, on: date) -> dict[str, Any]:
    """Return everything the form holds that day, by its key in submissions, ready for JSON."""
    asked = {section.id for section in sections.asked(application, on=on)}
    given = {one.key: one.value(application) for one in fields.FIELDS if one.part in asked}
    return {"order": application.number, **given}


def is_as_sent(application: Application, *, now: datetime) -> bool:
    """Return whether the order says of certificate and evidence what the last submission says.

    The applicant edits reopened parts in place: unsent, they are in no submission. Evidence is what
    the reviewer weighs: the certificate of conformity, and why the system has a foreign OID. A
    field that the version which froze the submission did not have is as sent while it is empty.
    """
    assert application.submission is not None
    sent = json.loads(application.submission.content)
    present = content(application, on=clock.day(now))
    certified = {one.key for one in fields.marked(fields.CERTIFIED)}
    weighed = {one.key for one in fields.marked(fields.WEIGHED)} & sent.keys()
    same = (certified | weighed) & present.keys()
    return all(sent[name] == present[name] if name in sent else not present[name] for name in same)
