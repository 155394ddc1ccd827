"""A chart of expiring certificates by month, and the same in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.together import Values
from certportal.foundation.web import bars
from issuance.models import Certificate

SHORTEST = 12
"""The least number of months that the chart shows."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The chart, and a description in words."""

    drawing: bars.Drawing
    words: str


def months(certificates: QuerySet[Certificate]) -> Values:
    """Return the query for the number of expiring certificates by month."""
    by_month = certificates.annotate(month=TruncMonth("not_after", tzinfo=clock.HELSINKI)).values(
        "month"
    )
    counted = by_month.annotate(number=Count("*")).order_by("month")
    return Values(counted.values_list("month", "number"), 2)


def of(rows: Iterable[tuple[datetime, int]], *, now: datetime) -> TimeLine | None:
    """Return the chart of a result of `months`, from the present month on; None if empty."""
    counts = {clock.day(month): number for month, number in rows}
    if not counts:
        return None
    shown, month = [clock.day(now).replace(day=1)], max(counts)
    while len(shown) < SHORTEST or shown[-1] < month:
        shown.append(clock.add_months(shown[-1], 1))
    values = [(counts.get(each, 0), 0) for each in shown]
    listed = ", ".join(f"{each.month}/{each.year}: {count}" for each, count in counts.items())
    return TimeLine(
        bars.drawn(values, bars.months(shown)),
        _("Certificates by the month in which they expire: %(months)s") % {"months": listed},
    )
