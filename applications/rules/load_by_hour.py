"""At which hours of the day orders come, and at which each reviewer decides and asks."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet, UUIDField, Value
from django.db.models.functions import ExtractHour

from accounts.models import Person
from applications.models import Application, Decision, InformationRequest
from applications.rules.figures import LATELY
from certportal.foundation import clock
from issuance.models import Approval

OFFICE = range(8, 17)
"""Hours that are told in any case; others only where something happened."""
DECIDED, ASKED, CAME = "decided", "asked", "came"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """What one person did in the last 30 days, by the hour of the Finnish day.

    `decided` are approvals and rejections, `asked` requests for information and hearings.
    """

    person: Person
    decided: Counter[int] = field(default_factory=Counter)
    asked: Counter[int] = field(default_factory=Counter)

    def acts(self, hour: int) -> int:
        """Return how many acts fell into the hour."""
        return self.decided[hour] + self.asked[hour]


@dataclass(frozen=True, slots=True)
class ByHour:
    """The orders that became complete, and what the reviewers did, at `hours`."""

    hours: range
    came: Counter[int]
    reviewers: list[Reviewer]

    @property
    def together(self) -> list[tuple[int, int]]:
        """Decisions and requests of all reviewers at each hour."""
        return [
            (
                sum(one.decided[hour] for one in self.reviewers),
                sum(one.asked[hour] for one in self.reviewers),
            )
            for hour in self.hours
        ]


def load_by_hour(*, now: datetime) -> ByHour:
    """Count the last 30 days."""
    rows = list(_counted(now - LATELY))
    people = Person.objects.filter(pk__in={key for _what, key, *_rest in rows if key})
    reviewers = {one.pk: Reviewer(one) for one in people.order_by("family_name", "given_name")}
    came: Counter[int] = Counter()
    for what, key, hour, number in rows:
        if key is None:
            came[hour] += number
        else:
            counter = reviewers[key].asked if what == ASKED else reviewers[key].decided
            counter[hour] += number
    seen = {*(hour for _what, _key, hour, _number in rows), *OFFICE}
    return ByHour(range(min(seen), max(seen) + 1), came, list(reviewers.values()))


def _counted(since: datetime) -> QuerySet[Any, tuple[str, UUID | None, int, int]]:
    """Return what happened, by whom, at which hour and how often, in one query."""
    rejections = Decision.objects.filter(kind=Decision.Kind.REJECTED)
    requests = InformationRequest.objects.exclude(reviewer=None)
    nobody = Value(None, output_field=UUIDField())
    first, *others = (
        rows.filter(**{f"{column}__gte": since})
        .order_by()
        .annotate(what=Value(what), who=who, hour=ExtractHour(column, tzinfo=clock.HELSINKI))
        .values_list("what", "who", "hour")
        .annotate(Count("pk"))
        for what, rows, who, column in (
            (DECIDED, rejections, F("reviewer"), "at"),
            (DECIDED, Approval.objects, F("person"), "created_at"),
            (ASKED, requests, F("reviewer"), "asked_at"),
            (CAME, Application.objects, nobody, "completed_at"),
        )
    )
    return first.union(*others, all=True).order_by()
