"""Writing the audit log (`Event`)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Model

from certportal.foundation.actors import Actor
from certportal.foundation.database import row_writes
from certportal.foundation.event_names import EventName
from certportal.foundation.models import Event, EventOrigin

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about: the object's type and key, and the organisation it belongs to."""

    type: str
    id: object
    organisation_id: UUID | None = None


def subject_of(row: Model) -> Subject:
    """Return the subject for a model instance: its type is the model's name in snake case.

    A model may define another type as `event_type`, and the organisation as `organisation_id`.
    """
    name = re.sub("(?<!^)(?=[A-Z])", "_", type(row).__name__).lower()
    return Subject(getattr(row, "event_type", name), row.pk, getattr(row, "organisation_id", None))


def record(
    name: EventName,
    about: Model | Subject,
    /,
    actor: Actor,
    now: datetime,
    *,
    refused: bool = False,
    **data: Any,
) -> Event:
    """Insert one event in the caller's transaction and write it to the log.

    `data`: ids, counts, statuses and hashes; never names, addresses, codes or tokens. A model's
    `event_data` is added to the data of each event about one of its rows.
    """
    event = made(name, about, actor, now, refused=refused, **data)
    insert([event])
    return event


def insert(made_events: Sequence[Event]) -> None:
    """Insert events from `made` with one statement and write each to the log."""
    row_writes.insert(made_events)
    from_network = [event for event in made_events if event.address]
    row_writes.insert(
        [EventOrigin(event=event, at=event.at, address=event.address) for event in from_network]
    )
    for event in made_events:
        log.info(
            "event",
            action=event.action,
            actor=event.actor,
            object=event.object_id,
            refused=event.refused,
        )


def made(
    name: EventName,
    about: Model | Subject,
    /,
    actor: Actor,
    now: datetime,
    *,
    refused: bool = False,
    **data: Any,
) -> Event:
    """Return an event with the arguments of `record`, not yet inserted.

    If the actor has no network address, that of the current request is used. If the actor acts for
    a supplier, the data names the supplier.
    """
    if actor.supplier:
        data["supplier"] = actor.supplier
    subject = subject_of(about) if isinstance(about, Model) else about
    context = structlog.contextvars.get_contextvars()
    event = Event(
        at=now,
        actor=str(actor),
        action=name.value,
        object_type=subject.type,
        object_id=str(subject.id),
        organisation_id=subject.organisation_id,
        refused=refused,
        data=getattr(about, "event_data", {}) | data,
        request_id=str(context.get("request_id", ""))[:40],
    )
    if actor.kind != "system":
        event.address = actor.address or str(context.get("ip") or "")
    return event
