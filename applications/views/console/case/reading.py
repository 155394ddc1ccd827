"""Read the data of a case's page in one SQL statement."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from accounts import access
from accounts.models import Person
from accounts.register.lookup import queries
from accounts.right_to_act import held
from applications.access import successions
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.register_watch.evidence import named
from applications.rules import (
    certificate_preparation,
    impartiality,
    revocation_reports,
    undelivered,
)
from applications.rules.attempts import approvals, attempts
from applications.services.reviewer import revocation
from applications.views.console.case import known
from applications.views.shared.rows import Condition, standings
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Wanted, ask_together
from certportal.foundation.database.related_rows import parts, parts_of_each
from issuance.services.blocked_keys import is_blocked
from issuance.services.concerned import own_marks

PARTS = {
    "host_names": ["evidenced_by"],
    "requests": ["reviewer"],
    "additions": ["person"],
    "decisions": ["reviewer", "record"],
    "submissions": ["person", "record"],
    "check_runs": ["record"],
    "waivers": ["waived_by", "confirmed_by", "closed_by"],
    "attachments": ["request"],
    "notes": ["person", "to"],
}
"""Relations of the case to read, each with its own related objects."""


def read(application: Application, person: Person, *more: Wanted, now: datetime) -> None:
    """Read the case and the reviewer's bias, so that the page needs no further queries for them.

    `more`: what else the page wants.
    """
    ask_together(
        *more,
        *(parts(application, name, *beside) for name, beside in PARTS.items()),
        access.is_partial.of(person, application.organisation_id, now=now),
        own_marks.of(person),
        impartiality.traces.of(application),
        undelivered.mails.of(application),
        certificate_preparation.is_under_way.of(application),
        attempts.of(application.pk),
        approvals.of(application.pk),
        certificate_of.of(application),
        successions.of(),
        revocation.open_proposal.of(application),
        revocation_reports.reports.of(application),
        known.namesakes.of(application),
        known.with_key.of(application),
        *([is_blocked.of(application.csr.spki_sha256)] if application.csr else []),
        *_of_register(application, now),
    )


def read_others(
    application: Application, *earlier: Application, now: datetime
) -> dict[UUID, Condition]:
    """Read what is shown of other orders with the key or a name, and of `earlier` ones.

    Return their states by key.
    """
    namesakes = known.namesakes(application)
    with_decisions = [*namesakes, *earlier]
    return standings(
        [*with_decisions, *known.with_key(application)],
        *parts_of_each(with_decisions, "host_names"),
        *parts_of_each(with_decisions, "decisions"),
        now=now,
    )


def _of_register(application: Application, now: datetime) -> Iterator[Wanted]:
    """Yield questions for the sender's right, and the register records of unit and provider."""
    kind, today = application.record_kind, clock.day(now)
    yield queries.last_import.of(kind, now)
    yield queries.get_record.of(application.record_oid, kind=kind, on=today)
    sent = application.submission
    if sent is None:
        return
    yield held.of(sent.person.current, application.organisation)
    if sent.record is not None:
        named.know(sent.record, str(sent.record.pk))  # approvals and attempts mostly rest on it
        if sent.record.provider_oid not in {"", application.record_oid}:
            yield queries.get_record.of(sent.record.provider_oid, kind=kind, on=today)
