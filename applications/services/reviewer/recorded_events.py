"""Looking at the recorded events, which is itself recorded."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from applications.rules.event_search import EventQuery
from certportal.foundation import event_search, events
from certportal.foundation.actors import Actor
from certportal.foundation.event_log.receipts import Receipt
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject
from certportal.foundation.models import Event
from issuance import services as authority

SUBJECT = Subject("events", "all")
MOST_EXPORTED = 50_000
MOST_PROVEN = 1_000
"""Events in one file at most; a proof is asked of the signing worker for each."""


@transaction.atomic
def look_at_events(
    query: EventQuery, *, before: int | None, most: int, actor: Actor, now: datetime
) -> list[Event]:
    """Return the newest events that the query asks for, before a number; record that they were."""
    found = _found(query, most=most, before=before)
    told = query.told() | ({"before": before} if before else {})
    events.record(ServiceEvent.EVENTS_VIEWED, SUBJECT, actor, now, query=told, count=len(found))
    return found


@transaction.atomic
def export_events(query: EventQuery, *, actor: Actor, now: datetime) -> list[Event]:
    """Return the newest events that the query asks for, for a file; record that they were."""
    found = _found(query, most=MOST_EXPORTED)
    _record_export(query, found, "csv", actor, now)
    return found


def prove_events(
    query: EventQuery, *, actor: Actor, now: datetime
) -> tuple[list[Event], dict[int, Receipt]]:
    """Return the newest events that the query asks for, with the receipt of each; record it.

    Raises LogUnavailable.
    """
    found = _found(query, most=MOST_PROVEN)
    receipts = authority.receipts([event.pk for event in found])
    with transaction.atomic():
        _record_export(query, found, "proofs", actor, now)
    return found, receipts


def _found(query: EventQuery, *, most: int, before: int | None = None) -> list[Event]:
    alternatives, common = query.alternatives()
    return event_search.newest(alternatives, common=common, before=before, most=most)


def _record_export(
    query: EventQuery, found: Sequence[Event], form: str, actor: Actor, now: datetime
) -> None:
    counted = len(found)
    name = ServiceEvent.EVENTS_EXPORTED
    events.record(name, SUBJECT, actor, now, query=query.told(), count=counted, form=form)
