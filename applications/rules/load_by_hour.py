"""Orders and reviewers' actions of the last 30 days by hour of the day."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet, UUIDField, Value
from django.db.models.functions import ExtractHour

from accounts.models import Person
from applications.models import Application, Decision, InformationRequest, ReplacementApproval
from applications.rules.figures import ALONE, LATELY
from certportal.foundation import clock
from issuance.models import Approval

OFFICE = range(8, 17)
"""Hours that are always shown; others only up to the earliest and latest with a count."""
DECIDED, ASKED, CAME = "decided", "asked", "came"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person's actions in the last 30 days, by hour in Finnish time.

    `decided` are approvals (that of a mass replacement is one) and rejections, `asked` requests for
    information and hearings.
    """

    person: Person
    decided: Counter[int] = field(default_factory=Counter)
    asked: Counter[int] = field(default_factory=Counter)

    def acts(self, hour: int) -> int:
        return self.decided[hour] + self.asked[hour]


@dataclass(frozen=True, slots=True)
class ByHour:
    """Orders that became complete (`came`) and the reviewers' actions, by hour in `hours`."""

    hours: range
    came: Counter[int]
    reviewers: list[Reviewer]

    @property
    def together(self) -> list[tuple[int, int]]:
        """Decisions and requests of all reviewers at each hour."""
        return [
            (
                sum(reviewer.decided[hour] for reviewer in self.reviewers),
                sum(reviewer.asked[hour] for reviewer in self.reviewers),
            )
            for hour in self.hours
        ]


def load_by_hour(*, now: datetime) -> ByHour:
    """Return the counts of the last 30 days."""
    rows = list(_counted(now - LATELY))
    people = Person.objects.filter(pk__in={key for _kind, key, *_rest in rows if key})
    in_order = people.order_by("family_name", "given_name")
    reviewers = {person.pk: Reviewer(person) for person in in_order}
    came: Counter[int] = Counter()
    for kind, key, hour, number in rows:
        if key is None:
            came[hour] += number
        else:
            counter = reviewers[key].asked if kind == ASKED else reviewers[key].decided
            counter[hour] += number
    shown = {*(hour for _kind, _key, hour, _number in rows), *OFFICE}
    return ByHour(range(min(shown), max(shown) + 1), came, list(reviewers.values()))


def _counted(since: datetime) -> QuerySet[Any, tuple[str, UUID | None, int, int]]:
    """Return rows of kind of action, person (None for orders), hour and count, in one query."""
    rejections = Decision.objects.filter(kind=Decision.Kind.REJECTED)
    requests = InformationRequest.objects.exclude(reviewer=None)
    nobody = Value(None, output_field=UUIDField())
    first, *others = (
        rows.filter(**{f"{column}__gte": since})
        .order_by()
        .annotate(act=Value(act), actor=actor, hour=ExtractHour(column, tzinfo=clock.HELSINKI))
        .values_list("act", "actor", "hour")
        .annotate(Count("pk"))
        for act, rows, actor, column in (
            (DECIDED, rejections, F("reviewer"), "at"),
            (DECIDED, Approval.objects.filter(ALONE), F("person"), "created_at"),
            (DECIDED, ReplacementApproval.objects, F("person"), "at"),
            (ASKED, requests, F("reviewer"), "asked_at"),
            (CAME, Application.objects, nobody, "completed_at"),
        )
    )
    return first.union(*others, all=True).order_by()
