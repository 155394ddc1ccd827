"""Work that was set aside because no further try could succeed: taking it up again, or giving up.

An operator or reviewer decides; /healthz names the outbox until nothing is set aside.
"""

import functools
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from certportal.foundation import events, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Stale
from certportal.foundation.models import OutboxItem


class NotSetAside(Stale):
    """Somebody has taken the work up again, or given it up, meanwhile."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Somebody has dealt with this already."))


def items() -> QuerySet[OutboxItem]:
    """Return what is set aside, the oldest first."""
    return OutboxItem.objects.exclude(failed_at=None).filter(done_at=None).order_by("failed_at")


@transaction.atomic
def take_up(item_id: UUID, *, actor: Actor, now: datetime) -> OutboxItem:
    """Hand the item to its worker again, with all its tries before it. Raises NotSetAside."""
    item = _lock(item_id)
    item.failed_at, item.attempts, item.due_at, item.problem = None, 0, now, ""
    item.save(update_fields=["failed_at", "attempts", "due_at", "problem"])
    _record("work.taken_up", item, actor, now)
    transaction.on_commit(functools.partial(outbox.hand_over, item), robust=True)
    return item


@transaction.atomic
def give_up(item_id: UUID, reason: str, *, actor: Actor, now: datetime) -> OutboxItem:
    """Close the item undone, with the reason in words. Raises NotSetAside.

    The reason goes when the finished work does; the event says that and by whom it was given up.
    """
    item = _lock(item_id)
    item.done_at, item.problem = now, reason[:500]
    item.save(update_fields=["done_at", "problem"])
    _record("work.given_up", item, actor, now)
    return item


def _lock(item_id: UUID) -> OutboxItem:
    item = items().select_for_update().filter(pk=item_id).first()
    if item is None:
        raise NotSetAside
    return item


def _record(action: str, item: OutboxItem, actor: Actor, now: datetime) -> None:
    events.record(
        action,
        actor=actor,
        now=now,
        object_type="outbox_item",
        object_id=item.pk,
        data={"topic": item.topic, "task": item.task},
    )
