"""A chart of expiring certificates by month: geometry for an SVG, and the same in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.together import Values
from issuance.models import Certificate

WIDTH, HEIGHT = 360, 70
"""The size of the chart without its labels, in SVG user units."""
SHORTEST = 12
"""The least number of months that the chart shows."""
LABELLED = 3
"""Every third month is labelled, so that labels do not overlap on a narrow screen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a month in which certificates expire: its position, and their number."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    count: int


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The chart: its bars, labels with their x coordinates, and a description in words."""

    bars: list[Bar]
    labels: list[tuple[str, str]]
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
    return _drawn(counts, clock.day(now)) if counts else None


def _drawn(counts: dict[date, int], today: date) -> TimeLine:
    first = today.year * 12 + today.month - 1
    ends = [(_ordinal(month) - first, count) for month, count in counts.items()]
    span = max(SHORTEST, ends[-1][0] + 1)
    step, most = WIDTH / span, max(counts.values())
    bars = [_bar(place * step, step, count, most) for place, count in ends]
    labels = [
        (
            f"{place * step + step / 2:.1f}",
            f"{(first + place) % 12 + 1}/{(first + place) // 12 % 100}",
        )
        for place in range(0, span, LABELLED)
    ]
    return TimeLine(bars, labels, _worded(counts.items()))


def _bar(left: float, step: float, count: int, most: int) -> Bar:
    height = max(8, round((HEIGHT - 18) * count / most))
    width = min(step * 0.7, 16)
    x = left + (step - width) / 2
    middle = f"{left + step / 2:.1f}"
    return Bar(f"{x:.1f}", f"{HEIGHT - height}", f"{width:.1f}", f"{height}", middle, count)


def _ordinal(month: date) -> int:
    return month.year * 12 + month.month - 1


def _worded(counts: Iterable[tuple[date, int]]) -> str:
    listed = ", ".join(f"{month.month}/{month.year}: {count}" for month, count in counts)
    return _("Certificates by the month in which they expire: %(months)s") % {"months": listed}
