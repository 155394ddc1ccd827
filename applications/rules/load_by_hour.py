"""At which hours of the day orders come, and at which each reviewer decides and asks."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import ExtractHour

from accounts.models import Person
from applications.models import Application, Decision, InformationRequest
from applications.rules.figures import LATELY
from certportal.foundation import clock
from issuance.models import Approval

OFFICE = range(8, 17)
"""Hours that are told in any case; others only where something happened."""


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
    since = now - LATELY
    rejections = Decision.objects.filter(kind=Decision.Kind.REJECTED)
    decided = [
        *_by_person(rejections, "reviewer", "at", since),
        *_by_person(Approval.objects.all(), "person", "created_at", since),
    ]
    requests = InformationRequest.objects.exclude(reviewer=None)
    asked = list(_by_person(requests, "reviewer", "asked_at", since))
    arrivals = _lately(Application.objects.all(), "completed_at", since)
    came = Counter(dict(arrivals.values_list("hour").annotate(Count("pk"))))
    people = Person.objects.filter(pk__in={key for key, *_rest in (*decided, *asked)})
    reviewers = {one.pk: Reviewer(one) for one in people.order_by("family_name", "given_name")}
    for key, hour, number in decided:
        reviewers[key].decided[hour] += number
    for key, hour, number in asked:
        reviewers[key].asked[hour] += number
    seen = {*came, *(hour for _key, hour, _number in (*decided, *asked)), *OFFICE}
    return ByHour(range(min(seen), max(seen) + 1), came, list(reviewers.values()))


def _by_person(
    found: QuerySet[Any], whose: str, column: str, since: datetime
) -> Iterator[tuple[UUID, int, int]]:
    yield from _lately(found, column, since).values_list(whose, "hour").annotate(Count("pk"))


def _lately(found: QuerySet[Any], column: str, since: datetime) -> QuerySet[Any]:
    hour = ExtractHour(column, tzinfo=clock.HELSINKI)
    return found.filter(**{f"{column}__gte": since}).order_by().annotate(hour=hour)
