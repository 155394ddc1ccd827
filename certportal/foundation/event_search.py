"""Searching millions of events: each alternative uses its own index, paging is by event number."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import Exact

from certportal.foundation.models import Event

APART = timedelta(days=1)
"""How far the order of the events' numbers may differ from that of their times."""


def holding(name: str, value: object) -> Q:
    """Return the condition that the event's data has the value; `name` must have an index."""
    return Q(Exact(KeyTextTransform(name, "data"), Value(str(value))), data__has_key=name)


def between(since: datetime | None, until: datetime | None) -> Q:
    """Return the condition for events of this period.

    It also limits their numbers, which the primary key's index can use.
    """
    found = Q()
    if since is not None:
        before = Event.objects.filter(at__lt=since - APART).order_by("-at").first()
        found &= Q(at__gte=since) & (Q(pk__gt=before.pk) if before else Q())
    if until is not None:
        after = Event.objects.filter(at__gte=until + APART).order_by("at").first()
        found &= Q(at__lt=until) & (Q(pk__lt=after.pk) if after else Q())
    return found


def newest(
    alternatives: Sequence[Q], *, common: Q | None = None, before: int | None = None, most: int
) -> list[Event]:
    """Return the newest events that meet one of the alternatives, at most `most`.

    `common`: a condition for all of them. `before`: only events with a lower number.
    """
    narrowed = Event.objects.all() if common is None else Event.objects.filter(common)
    if before is not None:
        narrowed = narrowed.filter(pk__lt=before)
    parts = [_numbers(narrowed.filter(each), most) for each in alternatives]
    numbers = parts[0].union(*parts[1:]).order_by("-id")[:most] if parts[1:] else parts[0]
    found = Event.objects.filter(pk__in=list(numbers)).select_related("origin")
    return list(found.order_by("-id"))


def _numbers(found: QuerySet[Event], most: int) -> QuerySet[Event, int]:
    return found.order_by("-id").values_list("id", flat=True)[:most]
