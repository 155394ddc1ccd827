"""The queue as a file for a spreadsheet."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched

from django.utils.translation import gettext as _

from applications.models import Application
from applications.views.shared.rows import standings
from certportal.foundation import clock

BATCH = 500
"""Cases whose certificates are looked up at once."""


def head() -> list[str]:
    """Return the names of the columns."""
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


def rows(found: Iterable[Application], *, now: datetime) -> Iterator[list[str]]:
    """Return the row of each case; days in ISO 8601, so that they sort."""
    for some in batched(found, BATCH):
        stand = standings(some, now=now)
        yield from (_row(case, stand[case.pk].label) for case in some)


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
