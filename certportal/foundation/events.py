"""Writing the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from certportal.foundation import rows
from certportal.foundation.actors import Actor
from certportal.foundation.models import Event, EventOrigin

log = structlog.get_logger(__name__)


def record(
    action: str,
    *,
    actor: Actor,
    now: datetime,
    object_type: str,
    object_id: object,
    organisation_id: UUID | None = None,
    refused: bool = False,
    data: dict[str, Any] | None = None,
) -> Event:
    """Insert one event in the caller's transaction and write it to the log.

    `data` holds ids, counts, statuses and hashes; never names, addresses, codes or tokens.
    """
    event = made(
        action,
        actor=actor,
        now=now,
        object_type=object_type,
        object_id=object_id,
        organisation_id=organisation_id,
        refused=refused,
        data=data,
    )
    insert([event])
    return event


def insert(made_events: Sequence[Event]) -> None:
    """Insert what `made` made, all in one statement, and write each to the log."""
    rows.insert(made_events)
    placed = [one for one in made_events if one.address]
    rows.insert([EventOrigin(event=one, at=one.at, address=one.address) for one in placed])
    for event in made_events:
        log.info(
            "event",
            action=event.action,
            actor=event.actor,
            object=event.object_id,
            refused=event.refused,
        )


def made(
    action: str,
    *,
    actor: Actor,
    now: datetime,
    object_type: str,
    object_id: object,
    organisation_id: UUID | None = None,
    refused: bool = False,
    data: dict[str, Any] | None = None,
) -> Event:
    """Make an event, as `record` does, that is yet to be inserted.

    Where the actor's address was not passed on, that of the request is taken.
    """
    context = structlog.contextvars.get_contextvars()
    event = Event(
        at=now,
        actor=str(actor),
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        organisation_id=organisation_id,
        refused=refused,
        data=data or {},
        request_id=str(context.get("request_id", ""))[:40],
    )
    if actor.kind != "system":
        event.address = actor.address or str(context.get("ip") or "")
    return event
