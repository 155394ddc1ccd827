"""When certificates expire, as a drawing of months: geometry for an SVG, and the same in words."""

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
"""Of the drawing without its labels, in its own units."""
SHORTEST = 12
"""Months that the drawing shows at least."""
LABELLED = 3
"""Every third month has its name, so that the names stay apart on a narrow screen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A month in which certificates expire: where it stands, and how many there are."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    count: int


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The drawing: its months, the names below them by their place, and what it says in words."""

    bars: list[Bar]
    labels: list[tuple[str, str]]
    words: str


def months(found: QuerySet[Certificate]) -> Values:
    """Return the question for the months in which the certificates expire, and how many do."""
    by_month = found.annotate(month=TruncMonth("not_after", tzinfo=clock.HELSINKI)).values("month")
    counted = by_month.annotate(number=Count("pk")).order_by("month")
    return Values(counted.values_list("month", "number"), 2)


def of(found: Iterable[tuple[datetime, int]], *, now: datetime) -> TimeLine | None:
    """Return the drawing of these `months`, from this one on; None without any."""
    counts = {clock.day(month): number for month, number in found}
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
