"""Figures of the waivers of the last twelve months, by rule, in one query."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.models import Waiver
from applications.rules.figures import last_months
from applications.rules.waivers import HOST_DECLARED, OID_OUTSIDE
from certportal.foundation import clock

RULES: dict[str, Promise] = {
    OID_OUTSIDE: _("The system's OID is another organisation's to give"),
    HOST_DECLARED: _("Only the applicant's word speaks for a host name"),
}
"""The rules that are waived, in words."""
GIVEN, IN_FORCE, EXPIRED = KINDS = ("given", "in_force", "expired")


@dataclass(frozen=True, slots=True)
class Month:
    """The waivers of one month by rule and kind; None where a number is not told.

    `given` in it; `in_force` at its end, or now; `expired` are those whose last day was in it and
    has passed, and that nobody withdrew or replaced before.
    """

    first: date
    numbers: dict[str, dict[str, int | None]]

    def of(self, rule: str) -> list[int | None]:
        """Return those given, in force and expired."""
        return [self.numbers[rule][kind] for kind in KINDS]

    def in_order(self) -> list[int | None]:
        """Return the same of all rules, one after the other."""
        return [number for rule in RULES for number in self.of(rule)]

    def in_force(self) -> tuple[int, int]:
        """Return how many are in force of either rule, for a drawing."""
        oid, host = (self.numbers[rule][IN_FORCE] or 0 for rule in RULES)
        return oid, host


def waivers_by_month(
    *, now: datetime, is_told: Callable[[int, int], bool] = lambda number, parties: True
) -> list[Month]:
    """Return the last twelve months, the present one last.

    `is_told` is asked whether so many waivers on orders of so many organisations are told.
    """
    firsts = last_months(now)
    conditions = {
        f"{kind}_{nth}": condition
        for nth, first in enumerate(firsts)
        for kind, condition in _conditions(first, now).items()
    }
    counts = {name: Count("pk", filter=one) for name, one in conditions.items()}
    parties = {
        f"{name}_parties": Count("application__organisation", distinct=True, filter=one)
        for name, one in conditions.items()
    }
    rows = Waiver.objects.order_by().values("rule").annotate(**counts, **parties)
    found: dict[str, dict[str, Any]] = {row["rule"]: dict(row) for row in rows}
    return [
        Month(first, {rule: _numbers(found.get(rule, {}), nth, is_told) for rule in RULES})
        for nth, first in enumerate(firsts)
    ]


def _conditions(first: date, now: datetime) -> dict[str, Q]:
    after, today = clock.add_months(first, 1), clock.day(now)
    begins, ends = clock.start_of_day(first), min(clock.start_of_day(after), now)
    last_day = min(after - timedelta(days=1), today)
    closed = Q(closed_at__lte=ends)
    return {
        GIVEN: Q(waived_at__gte=begins, waived_at__lte=ends),
        IN_FORCE: Q(waived_at__lte=ends, ends_on__gte=last_day) & ~closed,
        EXPIRED: Q(closed_at=None, ends_on__gte=first, ends_on__lt=min(after, today)),
    }


def _numbers(
    row: dict[str, Any], nth: int, is_told: Callable[[int, int], bool]
) -> dict[str, int | None]:
    told: dict[str, int | None] = {}
    for kind in KINDS:
        number, parties = row.get(f"{kind}_{nth}", 0), row.get(f"{kind}_{nth}_parties", 0)
        told[kind] = number if number == 0 or is_told(number, parties) else None
    return told
