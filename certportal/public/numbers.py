"""The open figures of the service: how long orders take, and which certificates are in force.

Nothing here tells of one organisation: a figure that rests on fewer than `FEWEST` is left out. The
figures are counted once in `KEPT_FOR` by each process, however often the page is opened.
"""

import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from applications.models.certificate_types import CertificateType
from applications.views.console.numbers import figures
from certportal.foundation import clock
from issuance.models import Certificate

FEWEST = 5
"""So few orders or certificates could tell of one organisation."""
KEPT_FOR = timedelta(hours=1)
HEIGHT, STEP, WIDE = 120, 40, 26
"""The drawing in its own units: how high, from bar to bar, and how wide a bar."""


@dataclass(frozen=True, slots=True)
class Month:
    """The open figures of one month; None where they rest on fewer than `FEWEST`.

    `decided` are approvals and rejections, times in days; `kept_percent` of a hundred promises were
    kept. `in_force` are the certificates at its end, or now, by type.
    """

    first: date
    decided: int | None
    median: float | None
    p95: float | None
    kept_percent: int | None
    in_force: dict[CertificateType, int | None]


@dataclass(frozen=True, slots=True)
class Counted:
    """The months as they were counted at a moment."""

    at: datetime
    months: list[Month]


class _Keeper:
    """The figures that were counted last; whoever asks while they are counted waits for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Counted | None = None

    def figures(self, *, now: datetime) -> Counted:
        """Return the figures, counted anew if they are older than `KEPT_FOR`."""
        with self._lock:
            if self._last is None or not timedelta(0) <= now - self._last.at < KEPT_FOR:
                self._last = Counted(now, count(now=now))
            return self._last

    def forget(self) -> None:
        """Count anew the next time."""
        self._last = None


keeper = _Keeper()


def count(*, now: datetime) -> list[Month]:
    """Return the open figures of the last twelve months, the present one last."""
    months = figures.months(now=now)
    in_force = _in_force([one.first for one in months], now)
    return [_open(one, found) for one, found in zip(months, in_force, strict=True)]


def _open(month: figures.Month, in_force: dict[CertificateType, int]) -> Month:
    decided = month.approved + month.rejected
    told = decided >= FEWEST
    return Month(
        first=month.first,
        decided=decided if told else None,
        median=month.median if told else None,
        p95=month.p95 if told else None,
        kept_percent=month.kept_percent if month.promised >= FEWEST else None,
        in_force={kind: number if _is_open(number) else None for kind, number in in_force.items()},
    )


def _is_open(number: int) -> bool:
    """Whether the number tells of no single organisation: none at all tells of nobody."""
    return number == 0 or number >= FEWEST


def _in_force(firsts: list[date], now: datetime) -> list[dict[CertificateType, int]]:
    """Return the certificates in force at the end of each month, by type, in one query."""
    ends = [min(clock.start_of_day(clock.add_months(one, 1)), now) for one in firsts]
    counts = {f"m{nth}": Count("pk", filter=_at(end)) for nth, end in enumerate(ends)}
    rows = Certificate.objects.filter(not_after__gte=ends[0]).order_by().values("profile_id")
    found: dict[str, dict[str, Any]] = {}
    for row in rows.annotate(**counts):
        found[row["profile_id"]] = dict(row)
    return [
        {kind: found.get(kind.value, {}).get(name, 0) for kind in CertificateType}
        for name in counts
    ]


def _at(end: datetime) -> Q:
    """Return the condition of certificates that were in force at that moment."""
    return Q(not_before__lte=end, not_after__gte=end) & (
        Q(revoked_at=None, state=Certificate.State.ISSUED) | Q(revoked_at__gt=end)
    )


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Show the figures, drawn and as tables."""
    counted = keeper.figures(now=clock.now())
    kinds = list(CertificateType)
    context = {
        "at": counted.at,
        "months": counted.months,
        "bars": _bars(counted.months),
        "width": STEP * len(counted.months),
        "height": HEIGHT,
        "wide": WIDE,
        "kinds": [kind.label for kind in kinds],
        "in_force": [(one.first, [one.in_force[kind] for kind in kinds]) for one in counted.months],
        "fewest": FEWEST,
    }
    return render(request, "pages/numbers.html", context)


@require_safe
@cache_control(public=True, max_age=int(KEPT_FOR.total_seconds()))
def numbers_json(request: HttpRequest) -> JsonResponse:
    """Hand out the same for programs."""
    counted = keeper.figures(now=clock.now())
    answer = {
        "counted_at": counted.at.isoformat(timespec="seconds"),
        "null_if_fewer_than": FEWEST,
        "months": [_spoken(one) for one in counted.months],
    }
    return JsonResponse(answer, headers={"Access-Control-Allow-Origin": "*"})


def _spoken(month: Month) -> dict[str, Any]:
    return {
        "month": f"{month.first:%Y-%m}",
        "decided": month.decided,
        "median_days": month.median,
        "p95_days": month.p95,
        "promise_kept_percent": month.kept_percent,
        "in_force": {kind.value: number for kind, number in month.in_force.items()},
    }


def _bars(months: list[Month]) -> list[tuple[int, int, int, int, int]]:
    """Return each bar: x, top and height of the median, and of what p95 lies above it."""
    most = max([1.0, *(one.p95 for one in months if one.p95 is not None)])
    bars = []
    for place, one in enumerate(months):
        low, high = (round(HEIGHT * (value or 0) / most) for value in (one.median, one.p95))
        bars.append((STEP * place, HEIGHT - low, low, HEIGHT - high, high - low))
    return bars
