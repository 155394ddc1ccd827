"""View, export and prove recorded events; each access is itself recorded."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from applications.rules.event_search import EventQuery
from certportal.foundation import event_search, events
from certportal.foundation.actors import Actor
from certportal.foundation.event_log.receipts import Receipt
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.models import Event
from issuance import services as authority

SUBJECT = events.Subject("events", "all")
MOST_EXPORTED = 50_000
MOST_PROVEN = 1_000
"""The most events in one file; the signing worker makes a proof for each."""


@transaction.atomic
def look_at_events(
    query: EventQuery, *, before: int | None, most: int, actor: Actor, now: datetime
) -> list[Event]:
    """Return the newest matching events with a key below `before`; record the access."""
    viewed = _found(query, most=most, before=before)
    recorded = query.criteria() | ({"before": before} if before else {})
    events.record(
        ServiceEvent.EVENTS_VIEWED, SUBJECT, actor, now, query=recorded, count=len(viewed)
    )
    return viewed


@transaction.atomic
def export_events(query: EventQuery, *, actor: Actor, now: datetime) -> list[Event]:
    """Return the newest matching events for a file; record the export."""
    exported = _found(query, most=MOST_EXPORTED)
    _record_export(query, exported, "csv", actor, now)
    return exported


def prove_events(
    query: EventQuery, *, actor: Actor, now: datetime
) -> tuple[list[Event], dict[int, Receipt]]:
    """Return the newest matching events with a receipt for each; record the export.

    Raises LogUnavailable.
    """
    proven = _found(query, most=MOST_PROVEN)
    receipts = authority.receipts([event.pk for event in proven])
    with transaction.atomic():
        _record_export(query, proven, "proofs", actor, now)
    return proven, receipts


def _found(query: EventQuery, *, most: int, before: int | None = None) -> list[Event]:
    alternatives, common = query.alternatives()
    return event_search.newest(alternatives, common=common, before=before, most=most)


def _record_export(
    query: EventQuery, exported: Sequence[Event], form: str, actor: Actor, now: datetime
) -> None:
    counted = len(exported)
    name = ServiceEvent.EVENTS_EXPORTED
    events.record(name, SUBJECT, actor, now, query=query.criteria(), count=counted, form=form)
