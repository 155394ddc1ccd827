"""Freezing: what was sent is kept as it stood."""

import hashlib
import json
from datetime import date, datetime
from typing import Any

from accounts.models import Person
from accounts.register import queries
from accounts.register.models import RegisterRecord
from applications import contents, declarations, ownership
from applications.errors import Incomplete, NotStanding
from applications.models import Application, Submission
from certportal.foundation import clock


def freeze(
    application: Application,
    *,
    person: Person,
    declared: list[str],
    language: str,
    now: datetime,
) -> Submission:
    """Insert the frozen submission: canonical JSON (RFC 8785 in spirit: sorted, no blanks).

    Raises Incomplete when parts are missing; NotStanding or ownership.OtherOwner when the unit
    may not be ordered for.
    """
    lacking = contents.missing(application, on=clock.day(now))
    if lacking:
        raise Incomplete([section.id for section in lacking])
    record = _own_record(application, now)
    declared = [name for name in declarations.asked(application) if name in declared]
    number = application.submissions.count() + 1
    frozen = content(application, on=clock.day(now)) | {
        "declarations": declared,
        "declared": declarations.in_words(declared, language),
        "language": language,
        "number": number,
        "organisation": application.organisation.name,
        "business_id": ownership.business_id(application.organisation),
        "unit": record.long_name,
        "person": str(person.pk),
        "person_name": str(person),
        "record_version": record.pk,
        "submitted_at": now.isoformat(),
    }
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


def _own_record(application: Application, now: datetime) -> RegisterRecord:
    """Return the record of the unit, which must stand today and be the organisation's own."""
    today = clock.day(now)
    standing = queries.standing(application.record_oid, application.record_kind, today)
    if not standing.ok or standing.record is None:
        raise NotStanding(standing.reason)
    if not ownership.is_owned(application.organisation, standing.record, today):
        raise ownership.OtherOwner
    return standing.record


def content(application: Application, *, on: date) -> dict[str, Any]:
    """Return everything the form holds that day, by field name, ready for JSON."""
    values: dict[str, Any] = {"order": application.number, "csr": None}
    for section in contents.asked(application, on=on):
        for name in section.fields:
            values[name] = _plain(application, name)
    if application.csr:
        values["csr"] = application.csr.sha256
    return values


# What stands in the certificate; a change of it must be sent, declared and checked again.
CERTIFIED = frozenset(
    {
        *("type", "record_kind", "record_oid", "purpose", "host_names"),
        *("system_name", "system_oid", "validity_months", "start"),
    }
)


def is_as_sent(application: Application, *, now: datetime) -> bool:
    """Return whether the certificate would say what the last submission says.

    The applicant edits reopened parts in place: unsent, they are in no submission.
    """
    assert application.submission is not None
    sent = json.loads(application.submission.content)
    present = content(application, on=clock.day(now))
    return all(sent.get(name) == present[name] for name in CERTIFIED & present.keys())


def _plain(application: Application, name: str) -> Any:
    if name == "host_names":
        return [host.name for host in application.host_names.all()]
    if name == "csr":
        return None
    if name == "attachments":
        return [one.sha256 for one in application.attachments.filter(removed_at=None)]
    value = getattr(application, name)
    return value.isoformat() if hasattr(value, "isoformat") else value
