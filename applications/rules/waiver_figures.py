"""Figures of the waivers of the last twelve months, by rule, in one query."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.models import Waiver
from applications.rules.figures import last_months
from applications.rules.waivers import HOST_DECLARED, OID_OUTSIDE
from certportal.foundation import clock

RULES: dict[str, Promise] = {
    OID_OUTSIDE: _("The system's OID is another organisation's to give"),
    HOST_DECLARED: _("Only the applicant's word supports a host name"),
}
"""The rules that are waived, in words."""
GIVEN, IN_FORCE, EXPIRED = KINDS = ("given", "in_force", "expired")


@dataclass(frozen=True, slots=True)
class Month:
    """The numbers of waivers in a month, by rule and kind; None where a number is withheld.

    `given` in the month; `in_force` at its end, or now; `expired`: the last day was in the month
    and has passed, and nobody withdrew or replaced the waiver before
    that: one that was given anew later has expired all the same.
    """

    first: date
    numbers: dict[str, dict[str, int | None]]

    def of(self, rule: str) -> list[int | None]:
        """Return the numbers given, in force and expired."""
        return [self.numbers[rule][kind] for kind in KINDS]

    def in_order(self) -> list[int | None]:
        """Return the numbers of all rules, one rule after the other."""
        return [number for rule in RULES for number in self.of(rule)]

    def in_force(self) -> tuple[int, int]:
        """Return how many are in force of each of the two rules, for a chart."""
        oid, host = (self.numbers[rule][IN_FORCE] or 0 for rule in RULES)
        return oid, host


def waivers_by_month(
    *, now: datetime, is_told: Callable[[int, int], bool] = lambda number, parties: True
) -> list[Month]:
    """Return the last twelve months, the present one last.

    `is_told(number, organisations)` decides whether a number of waivers, on orders of that many
    organisations, is published.
    """
    firsts = last_months(now)
    conditions = {
        f"{kind}_{nth}": condition
        for nth, first in enumerate(firsts)
        for kind, condition in _conditions(first, now).items()
    }
    counts = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    parties = {
        f"{name}_parties": Count("application__organisation", distinct=True, filter=condition)
        for name, condition in conditions.items()
    }
    closed_on = TruncDate("closed_at", tzinfo=clock.HELSINKI)
    rows = Waiver.objects.order_by().alias(closed_on=closed_on).values("rule")
    rows = rows.annotate(**counts, **parties)
    rows_by_rule: dict[str, dict[str, Any]] = {row["rule"]: dict(row) for row in rows}
    return [
        Month(first, {rule: _numbers(rows_by_rule.get(rule, {}), nth, is_told) for rule in RULES})
        for nth, first in enumerate(firsts)
    ]


def _conditions(first: date, now: datetime) -> dict[str, Q]:
    next_month, today = clock.add_months(first, 1), clock.day(now)
    begins, ends = clock.start_of_day(first), min(clock.start_of_day(next_month), now)
    last_day = min(next_month - timedelta(days=1), today)
    closed = Q(closed_at__lte=ends)
    return {
        GIVEN: Q(waived_at__gte=begins, waived_at__lte=ends),
        IN_FORCE: Q(waived_at__lte=ends, ends_on__gte=last_day) & ~closed,
        EXPIRED: Q(ends_on__gte=first, ends_on__lt=min(next_month, today))
        & (Q(closed_at=None) | Q(closed_on__gt=F("ends_on"))),
    }


def _numbers(
    row: dict[str, Any], nth: int, is_told: Callable[[int, int], bool]
) -> dict[str, int | None]:
    numbers: dict[str, int | None] = {}
    for kind in KINDS:
        number, parties = row.get(f"{kind}_{nth}", 0), row.get(f"{kind}_{nth}_parties", 0)
        numbers[kind] = number if number == 0 or is_told(number, parties) else None
    return numbers
