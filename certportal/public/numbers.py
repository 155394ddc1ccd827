"""Public statistics of the service: how long orders take, and which certificates are in force.

No figure reveals a single organisation: a figure is left out unless it is based on at least
`FEWEST` orders or certificates and on at least `FEWEST` organisations. Each process counts the
figures once in `KEPT_FOR`, however often the page is opened.
"""

import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import Error
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from applications.checks.wording import word_all
from applications.models.certificate_types import CertificateType
from applications.rules import figures, return_figures, waiver_figures
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.web import bars
from issuance.findings import Severity
from issuance.models import Certificate

log = structlog.get_logger(__name__)

FEWEST = 5
"""Figures based on fewer orders, certificates or organisations could reveal one organisation."""
KEPT_FOR = timedelta(hours=1)
MOST = 10
"""The number of findings that are told, the most frequent ones."""
PAUSE = timedelta(minutes=1)
"""How long the database is not asked again after it could not answer."""


@dataclass(frozen=True, slots=True)
class Month:
    """The public figures of one month; None where they could reveal a single organisation.

    `decided`: number of approvals and rejections. `returned_percent`: share of these on orders that
    the applicant had to correct or complete first. `median`, `p95`: days from complete to decided.
    `kept_percent`: share of orders decided by their promised day. `in_force`: certificates at the
    month's end, or now, by type. `waivers`: by rule and kind.
    """

    first: date
    decided: int | None
    returned_percent: int | None
    median: float | None
    p95: float | None
    kept_percent: int | None
    in_force: dict[CertificateType, int | None]
    waivers: waiver_figures.Month


@dataclass(frozen=True, slots=True)
class Language:
    """The public figures of the cases in one language, over all months; None as in `Month`.

    There are no numbers of orders, from which the months' would tell those of the last language.
    `findings`: by rule, in what percentage of the orders checked the checks found something.
    """

    returned_percent: int | None
    median: float | None
    p95: float | None
    kept_percent: int | None
    findings: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of all months and by language, and when they were counted.

    `examples`: the rules of the most frequent findings, the most frequent first, and one of each.
    """

    at: datetime
    months: list[Month]
    languages: dict[str, Language]
    examples: dict[str, dict[str, Any]]


class _Keeper:
    """A cache of the figures; it returns the old ones while a thread counts new ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Counted | None = None
        self._failed_at: datetime | None = None

    def figures(self) -> Counted:
        """Return the figures, counted anew if they are older than `KEPT_FOR`.

        Waits for another thread that counts them only if there are no earlier figures. Raises
        Unavailable if the database could not count them and there are no earlier figures.
        """
        last = self._last
        if not self._lock.acquire(blocking=last is None):
            assert last is not None
            return last
        try:
            return self._newest(clock.now())
        finally:
            self._lock.release()

    def _newest(self, now: datetime) -> Counted:
        if not _is_within(KEPT_FOR, self._last.at if self._last else None, now):
            self._count(now)
        if self._last is None:
            raise Unavailable("figures")
        return self._last

    def _count(self, now: datetime) -> None:
        if _is_within(PAUSE, self._failed_at, now):
            return
        try:
            self._last, self._failed_at = count(now=now), None
        except Error as error:
            log.warning("figures_not_counted", kind=type(error).__name__)
            self._failed_at = now

    def forget(self) -> None:
        self._last = self._failed_at = None


def _is_within(time: timedelta, at: datetime | None, now: datetime) -> bool:
    return at is not None and timedelta(0) <= now - at < time


keeper = _Keeper()


def count(*, now: datetime) -> Counted:
    """Return the public figures of the last twelve months."""
    examples, shares = _findings(now)
    by_language = figures.by_language(now=now)
    returned = return_figures.decided_after_return(now=now, by="application__language")
    languages = {}
    for code, findings in shares.items():
        decided = by_language.get(code, figures.Month(figures.last_months(now)[0]))
        told = _told(decided, returned.get(code, 0))
        del told["decided"]
        languages[code] = Language(findings=findings, **told)
    return Counted(now, _months(now), languages, examples)


def _findings(now: datetime) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, int | None]]]:
    """Return the most frequent findings, one of each rule, and by language how frequent each is."""
    checked = return_figures.checked_by_language(now=now)
    shares: dict[str, dict[str, int | None]] = {code: {} for code, _name in settings.LANGUAGES}
    examples = {}
    for code, fault in return_figures.faults_by_language(now=now):
        is_told = _is_public(fault.orders, fault.parties)
        share = round(100 * fault.orders / checked[code][0])
        shares[code][fault.rule] = share if is_told else None
        if is_told and fault.example["severity"] != Severity.INFO:
            examples[fault.rule] = fault.example
    highest = {rule: max(each.get(rule) or 0 for each in shares.values()) for rule in examples}
    none = {code: 0 if _is_public(*checked.get(code, (0, 0))) else None for code in shares}
    often = sorted(examples, key=lambda rule: (-highest[rule], rule))[:MOST]
    return {rule: examples[rule] for rule in often}, {
        code: {rule: each.get(rule, none[code]) for rule in often} for code, each in shares.items()
    }


def _months(now: datetime) -> list[Month]:
    """Return the figures of each month, the present one last."""
    months = figures.months(now=now)
    in_force = _in_force([month.first for month in months], now)
    waivers = waiver_figures.waivers_by_month(now=now, is_told=_is_public)
    by_month = return_figures.decided_after_return(now=now)
    returned = [by_month.get(month.first, 0) for month in months]
    return [_public(*each) for each in zip(months, returned, in_force, waivers, strict=True)]


def _public(
    month: figures.Month,
    returned: int,
    in_force: dict[CertificateType, int | None],
    waivers: waiver_figures.Month,
) -> Month:
    """Return the month without the figures that must not be published."""
    return Month(first=month.first, in_force=in_force, waivers=waivers, **_told(month, returned))


def _told(month: figures.Month, returned: int) -> dict[str, Any]:
    """Return the figures about decisions, None for those that must not be published."""
    decided = month.approved + month.rejected
    shows_decided = _is_public(decided, month.parties)
    shows_times = _is_public(month.timed, month.timed_parties)
    shows_promises = _is_public(month.promised, month.promised_parties)
    return {
        "decided": decided if shows_decided else None,
        "returned_percent": round(100 * returned / decided) if shows_decided else None,
        "median": month.median if shows_times else None,
        "p95": month.p95 if shows_times else None,
        "kept_percent": month.kept_percent if shows_promises else None,
    }


def _is_public(number: int, parties: int) -> bool:
    """Whether a figure about so many orders or certificates of so many organisations is public."""
    return number >= FEWEST and parties >= FEWEST


def _in_force(firsts: list[date], now: datetime) -> list[dict[CertificateType, int | None]]:
    """Return the number of certificates in force at each month's end, by type, in one query.

    `firsts`: the first day of each month. None: not published; 0 is always published.
    """
    ends = [min(clock.start_of_day(clock.add_months(first, 1)), now) for first in firsts]
    counts = {f"m{nth}": Count("pk", filter=_at(end)) for nth, end in enumerate(ends)}
    parties = {
        f"p{nth}": Count("organisation", distinct=True, filter=_at(end))
        for nth, end in enumerate(ends)
    }
    rows = Certificate.objects.filter(not_after__gte=ends[0]).order_by().values("profile_id")
    found: dict[str, dict[str, Any]] = {}
    for row in rows.annotate(**counts, **parties):
        found[row["profile_id"]] = dict(row)
    return [
        {kind: _number(found.get(kind.value, {}), nth) for kind in CertificateType}
        for nth in range(len(ends))
    ]


def _number(row: dict[str, Any], nth: int) -> int | None:
    """Return the row's number of the nth month, or None if it must not be published."""
    number: int = row.get(f"m{nth}", 0)
    return number if number == 0 or _is_public(number, row[f"p{nth}"]) else None


def _at(end: datetime) -> Q:
    """Return the condition of certificates that were in force at that moment."""
    return Q(not_before__lte=end, not_after__gte=end) & (
        Q(revoked_at=None, state=Certificate.State.ISSUED) | Q(revoked_at__gt=end)
    )


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    counted = keeper.figures()
    kinds, labels = list(CertificateType), bars.months(month.first for month in counted.months)
    in_force = [month.waivers.in_force() for month in counted.months]
    languages = counted.languages.values()
    context = {
        "at": counted.at,
        "months": counted.months,
        "drawing": bars.drawn(
            [figures.took(month.median, month.p95) for month in counted.months],
            labels,
            least=bars.HAIRLINE,
        ),
        "kinds": [kind.label for kind in kinds],
        "in_force": [
            (month.first, [month.in_force[kind] for kind in kinds]) for month in counted.months
        ],
        "fewest": FEWEST,
        "languages": counted.languages,
        "findings": [
            (word_all([example])[0][1].title, rule, [one.findings[rule] for one in languages])
            for rule, example in counted.examples.items()
        ],
        "waivers": [month.waivers for month in counted.months],
        "rules": waiver_figures.RULES.values(),
        "waivers_drawing": bars.drawn(in_force, labels),
    }
    return render(request, "pages/numbers.html", context)


@require_safe
@cache_control(public=True, max_age=int(KEPT_FOR.total_seconds()))
def numbers_json(request: HttpRequest) -> JsonResponse:
    """Return the same figures as JSON, readable from any website (CORS)."""
    counted = keeper.figures()
    answer = {
        "counted_at": counted.at.isoformat(timespec="seconds"),
        "null_if_fewer_than": FEWEST,
        "months": [_as_json(month) for month in counted.months],
        "languages": {code: _times_as_json(one) for code, one in counted.languages.items()},
    }
    return JsonResponse(answer, headers={"Access-Control-Allow-Origin": "*"})


def _as_json(month: Month) -> dict[str, Any]:
    return {
        "month": f"{month.first:%Y-%m}",
        "decided": month.decided,
        **_times_as_json(month),
        "in_force": {kind.value: number for kind, number in month.in_force.items()},
        "waivers": month.waivers.numbers,
    }


def _times_as_json(one: Month | Language) -> dict[str, Any]:
    return {
        "returned_percent": one.returned_percent,
        "median_days": one.median,
        "p95_days": one.p95,
        "promise_kept_percent": one.kept_percent,
    } | ({"findings_percent": one.findings} if isinstance(one, Language) else {})
