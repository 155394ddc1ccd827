"""Writing the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from certportal.foundation.actors import Actor
from certportal.foundation.models import Event

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
    context = structlog.contextvars.get_contextvars()
    event = Event.objects.create(
        at=now,
        actor=str(actor),
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        organisation_id=organisation_id,
        refused=refused,
        data=data or {},
        request_id=str(context.get("request_id", ""))[:40],
        address=actor.address or None,
    )
    log.info("event", action=action, actor=str(actor), object=str(object_id), refused=refused)
    return event
