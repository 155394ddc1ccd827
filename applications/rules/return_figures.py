"""Why orders came back in the last twelve months: what was asked, and what the checks found."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q
from django.db.models.functions import TruncDate, TruncMonth

from applications.models import Check, Decision, InformationRequest
from applications.rules.figures import ALL, DECIDED, Among, last_months
from applications.rules.sections import BY_ID
from certportal.foundation import clock
from certportal.foundation.database.statements import execute

DOCUMENTS, WORDS = "documents", "words"
"""Stand among the parts for requests for documents, and for those answered in words alone."""
PARTS = (*BY_ID, DOCUMENTS, WORDS)
FAULTS = """
    SELECT {group} AS part, fault->>'rule', count(DISTINCT run.application_id),
        count(DISTINCT ordered.organisation_id), min(fault::text)
    FROM applications_check AS run
    JOIN applications_application AS ordered ON ordered.id = run.application_id
    CROSS JOIN LATERAL jsonb_array_elements(run.findings) AS fault
    WHERE run.at >= %(since)s AND run.findings <> '[]'
      AND %(type)s IN ('', ordered.type) AND %(language)s IN ('', ordered.language)
    GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
"""
IN_ALL = "NULL::date"
BY_LANGUAGE = "ordered.language"
BY_MONTH = f"date_trunc('month', run.at AT TIME ZONE '{clock.HELSINKI}')::date"


@dataclass(frozen=True, slots=True)
class Returned:
    """How many requests of reviewers and of the checks opened a part, or asked for documents."""

    part: str
    by_reviewers: int
    by_checks: int


@dataclass(frozen=True, slots=True)
class Fault:
    """In how many orders the checks found something by a rule; `example` is one of the findings.

    `parties`: the number of organisations that made these orders.
    """

    rule: str
    orders: int
    parties: int
    example: dict[str, Any]


def returns(*, now: datetime, among: Among = ALL) -> list[Returned]:
    """Return the requests by what they asked, in the order of the form; one may ask for more."""
    counted = Counter[tuple[bool, str]]()
    for (_month, of_checks, part), number in _asked(now, among).items():
        counted[of_checks, part] += number
    return _returned(counted)


def returns_by_month(*, now: datetime, among: Among = ALL) -> list[tuple[date, Returned]]:
    """Return the same with the month in which it was asked, in order of time."""
    by_month = dict[date, Counter[tuple[bool, str]]]()
    for (month, of_checks, part), number in _asked(now, among).items():
        by_month.setdefault(month, Counter())[of_checks, part] += number
    return [(month, one) for month in sorted(by_month) for one in _returned(by_month[month])]


def returned_by_month(*, now: datetime, among: Among = ALL) -> dict[date, tuple[int, int]]:
    """Return how many parts reviewers asked for, and how many the checks, in each month."""
    counted = dict.fromkeys(last_months(now), (0, 0))
    for month, one in returns_by_month(now=now, among=among):
        by_reviewers, by_checks = counted[month]
        counted[month] = by_reviewers + one.by_reviewers, by_checks + one.by_checks
    return counted


def decided_after_return(*, now: datetime, by: str = "month") -> dict[Any, int]:
    """Return how many decisions of each month are on orders that had been returned before.

    `by`: what the decisions are grouped by instead of their month. A reviewer or the checks had
    asked the applicant to correct or complete the order; hearings and requests that were taken
    back do not count.
    """
    asked = InformationRequest.objects.filter(
        application=OuterRef("application"),
        asked_at__lt=OuterRef("at"),
        is_hearing=False,
        cancelled=False,
    )
    decisions = Decision.objects.filter(DECIDED, Exists(asked), at__gte=_since(now)).order_by()
    month = TruncMonth(TruncDate("at", tzinfo=clock.HELSINKI))
    return dict(decisions.annotate(month=month).values_list(by).annotate(Count("pk")))


def _asked(now: datetime, among: Among) -> Counter[tuple[date, bool, str]]:
    """Return how often each part was asked for, by month and by whether the checks asked."""
    of_orders = among.holds("application__")
    requests = InformationRequest.objects.filter(of_orders, asked_at__gte=_since(now)).order_by()
    rows = requests.annotate(
        month=TruncMonth(TruncDate("asked_at", tzinfo=clock.HELSINKI)),
        of_checks=ExpressionWrapper(Q(reviewer=None), BooleanField()),
        wants=ExpressionWrapper(~Q(wanted=""), BooleanField()),
    ).values_list("month", "fields", "of_checks", "wants")
    counted = Counter[tuple[date, bool, str]]()
    for month, parts, of_checks, wants, number in rows.annotate(Count("pk")):
        for part in [*parts, *([DOCUMENTS] if wants else [])] or [WORDS]:
            counted[month, of_checks, part] += number
    return counted


def _returned(counted: Counter[tuple[bool, str]]) -> list[Returned]:
    found = [Returned(part, counted[False, part], counted[True, part]) for part in PARTS]
    return [one for one in found if one.by_reviewers or one.by_checks]


def faults(*, now: datetime, among: Among = ALL) -> list[Fault]:
    """Return the findings of the checks by rule, the most frequent first."""
    return [fault for _month, fault in _faults(IN_ALL, now, among)]


def faults_by_month(*, now: datetime, among: Among = ALL) -> list[tuple[date, Fault]]:
    """Return the same with the month of the check, in order of time."""
    return _faults(BY_MONTH, now, among)


def faults_by_language(*, now: datetime) -> list[tuple[str, Fault]]:
    """Return the same with the language of the case, all orders of which are counted."""
    return _faults(BY_LANGUAGE, now, ALL)


def checked_by_language(*, now: datetime) -> dict[str, tuple[int, int]]:
    """Return how many orders, of how many organisations, were checked by the case's language."""
    runs = Check.objects.filter(at__gte=_since(now)).order_by()
    orders = Count("application", distinct=True)
    parties = Count("application__organisation", distinct=True)
    rows = runs.values_list("application__language").annotate(orders, parties)
    return {code: (number, of) for code, number, of in rows}


def _faults(group: str, now: datetime, among: Among) -> list[tuple[Any, Fault]]:
    chosen: dict[str, Any] = {"since": _since(now), "type": among.type, "language": among.language}
    rows = execute(FAULTS.format(group=group), chosen)
    return [
        (part, Fault(rule, orders, parties, json.loads(example)))
        for part, rule, orders, parties, example in rows
    ]


def _since(now: datetime) -> datetime:
    return clock.start_of_day(last_months(now)[0])
