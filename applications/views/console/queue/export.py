"""The queue as a CSV file."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from applications.models import Application
from applications.views.shared import spreadsheet
from applications.views.shared.rows import standings
from certportal.foundation import clock
from certportal.foundation.web import keyset

READ = ("number", "organisation", "type", "status", "due_on", "submitted_at", "reviewer")


class Line(NamedTuple):
    """A case, and its status in words."""

    case: Application
    standing: str


# With days in ISO 8601 for sorting.
COLUMNS: spreadsheet.Columns[Line] = [
    (_("Order"), lambda line: line.case.number),
    (_("Organisation"), lambda line: line.case.organisation.name),
    (_("Business ID"), lambda line: line.case.organisation.business_id),
    (_("Type of certificate"), lambda line: str(line.case.kind.label)),
    (_("Environment"), lambda line: "test" if line.case.kind.is_test else "production"),
    (_("Status"), lambda line: line.standing),
    (_("Promised day"), lambda line: line.case.due_on.isoformat() if line.case.due_on else ""),
    (_("Reviewer"), lambda line: str(line.case.reviewer or "")),
    (_("Submitted"), lambda line: _day(line.case.submitted_at)),
]


def lines(cases: QuerySet[Application], key: keyset.Key, *, now: datetime) -> Iterator[Line]:
    filled = cases.only(*READ).prefetch_related("organisation__business_ids", "reviewer")
    for batch in keyset.walk(filled, key, most=spreadsheet.BATCH):
        stand = standings(batch, now=now)
        yield from (Line(case, stand[case.pk].label) for case in batch)


def _day(at: datetime | None) -> str:
    return clock.day(at).isoformat() if at else ""
