"""The page of the numbers, and its months as a file for a spreadsheet."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.rules import figures
from applications.views.shared import spreadsheet
from certportal.foundation import clock

HEIGHT, STEP, WIDE = 120, 40, 26
"""The drawing in its own units: how high, from bar to bar, and how wide a bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the drawing: where it stands, and its heights of approved and rejected."""

    month: figures.Month
    x: int
    approved: int
    rejected: int

    @property
    def top(self) -> int:
        """Where the part of the approved begins, from above."""
        return HEIGHT - self.approved

    @property
    def top_rejected(self) -> int:
        """Where the part of the rejected begins, which stands on the other."""
        return self.top - self.rejected


@access.reviewer_required
@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Show how the desk has done, and what comes."""
    now = clock.now()
    months = figures.months(now=now)
    context = {
        "months": months,
        "bars": _bars(months),
        "width": STEP * len(months),
        "height": HEIGHT,
        "wide": WIDE,
        "in_force": figures.in_force_by_type(now=now),
        "ahead": figures.ends_ahead(now=now),
        "loads": figures.loads(now=now),
    }
    return render(request, "applications/console/numbers.html", context)


@access.reviewer_required
@require_safe
def numbers_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Hand out the months as a file."""
    services.record_list_exported("numbers", **access.acting(request))
    head = [
        _("Month"),
        _("Approved"),
        _("Rejected"),
        _("Median (days)"),
        _("p95 (days)"),
        _("Promise kept, per cent"),
        _("Requests for information"),
        _("Lapsed"),
    ]
    rows = [
        [
            f"{one.first:%Y-%m}",
            *(str(value) for value in (one.approved, one.rejected)),
            *("" if value is None else str(value) for value in (one.median, one.p95)),
            "" if one.kept_percent is None else str(one.kept_percent),
            *(str(value) for value in (one.asked, one.lapsed)),
        ]
        for one in figures.months(now=clock.now())
    ]
    return spreadsheet.answer("numbers", head, rows)


def _bars(months: list[figures.Month]) -> list[Bar]:
    most = max([1, *(one.approved + one.rejected for one in months)])
    return [
        Bar(one, STEP * place, HEIGHT * one.approved // most, HEIGHT * one.rejected // most)
        for place, one in enumerate(months)
    ]
