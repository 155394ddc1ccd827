"""Read the data of an order's pages in one SQL statement."""

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest

from accounts import consents
from accounts.register.lookup import queries
from accounts.right_to_act import held
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.replacement import predecessors
from applications.rules import renewal, revocation_reports, undelivered
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Wanted, ask_together
from certportal.foundation.database.related_rows import parts

PARTS = {
    "host_names": [],
    "requests": [],
    "decisions": [],
    "contact_links": [],
    "attachments": [],
    "submissions": ["person"],
    "additions": ["person"],
}
"""Relations of the order to read, each with its own related objects."""


def read(request: HttpRequest, application: Application, *, now: datetime) -> None:
    """Read the order's data, so that the page needs no further queries for it."""
    ask_together(
        *(parts(application, name, *beside) for name, beside in PARTS.items()),
        certificate_of.of(application),
        predecessors.items.of(application),
        revocation_reports.reports.of(application),
        undelivered.mails.of(application),
        *([renewal.valid_longer.of(application)] if application.status in renewal.ISSUED else []),
        *_of_organisation(request, application, now),
    )


def _of_organisation(
    request: HttpRequest, application: Application, now: datetime
) -> Iterator[Wanted]:
    """Yield questions for the unit's register record, the navigation, and the sender's right."""
    kind, today = application.record_kind, clock.day(now)
    yield queries.get_record.of(application.record_oid, kind=kind, on=today)
    if organisation := getattr(request, "organisation", None):
        yield consents.has_customers.of(organisation.pk, today)
    sent = application.submission
    if sent is None:
        return
    yield held.of(sent.person.current, application.organisation)
    if sent.record is not None and sent.record.provider_oid not in {"", application.record_oid}:
        yield queries.get_record.of(sent.record.provider_oid, kind=kind, on=today)
