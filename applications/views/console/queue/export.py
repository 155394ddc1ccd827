"""The queue as a CSV file."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from applications.models import Application
from applications.views.shared import spreadsheet
from applications.views.shared.rows import standings
from certportal.foundation import clock
from certportal.foundation.web import keyset

COLUMNS = ("number", "organisation", "type", "status", "due_on", "submitted_at", "reviewer")


def head() -> list[str]:
    """Return the column names."""
    return [
        _("Order"),
        _("Organisation"),
        _("Business ID"),
        _("Type of certificate"),
        _("Environment"),
        _("Status"),
        _("Promised day"),
        _("Reviewer"),
        _("Submitted"),
    ]


def rows(cases: QuerySet[Application], key: keyset.Key, *, now: datetime) -> Iterator[list[str]]:
    """Yield the row of each case, with days in ISO 8601 for sorting."""
    filled = cases.only(*COLUMNS).prefetch_related("organisation__business_ids", "reviewer")
    for batch in keyset.walk(filled, key, most=spreadsheet.BATCH):
        stand = standings(batch, now=now)
        yield from (_row(case, stand[case.pk].label) for case in batch)


def _row(case: Application, standing: str) -> list[str]:
    kind = case.kind
    return [
        case.number,
        case.organisation.name,
        case.organisation.business_id,
        str(kind.label),
        "test" if kind.is_test else "production",
        standing,
        case.due_on.isoformat() if case.due_on else "",
        str(case.reviewer or ""),
        clock.day(case.submitted_at).isoformat() if case.submitted_at else "",
    ]
