"""Work that was set aside, after its last attempt or because its mail bounced.

An operator or reviewer retries it or gives it up; until then /healthz reports it.
"""

import functools
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Stale
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import messages, outbox


class NotSetAside(Stale):
    message = _("This has been dealt with already.")


BOUNCED = "Bounced"
"""Begins the `problem` of a bounced mail; the status code follows, if there is one."""


class NotDone(Exception):
    """The work is waiting or in progress."""


def items() -> QuerySet[OutboxItem]:
    """Return the items that are set aside, oldest first."""
    return (
        OutboxItem.objects.exclude(failed_at=None).filter(done_at=None).order_by("failed_at", "pk")
    )


@transaction.atomic
def take_up(item_id: UUID, *, actor: Actor, now: datetime) -> OutboxItem:
    """Send the item to its worker again, in a new round of attempts. Raises NotSetAside."""
    item = _lock(item_id)
    item.failed_at, item.attempts, item.due_at, item.problem = None, 0, now, ""
    item.round += 1
    item.save(update_fields=["failed_at", "attempts", "due_at", "problem", "round"])
    events.record(ServiceEvent.WORK_TAKEN_UP, item, actor, now)
    transaction.on_commit(functools.partial(messages.announce, item), robust=True)
    return item


@transaction.atomic
def give_up(item_id: UUID, reason: str, *, actor: Actor, now: datetime) -> OutboxItem:
    """Close the item without doing it, with a reason. Raises NotSetAside.

    The reason is deleted with the item; the event records who gave it up.
    """
    item = _lock(item_id)
    item.done_at, item.problem = now, reason[:500]
    item.save(update_fields=["done_at", "problem"])
    events.record(ServiceEvent.WORK_GIVEN_UP, item, actor, now)
    return item


@transaction.atomic
def came_back(item_id: UUID, round_: int, status: str, *, actor: Actor, now: datetime) -> bool:
    """Set aside a bounced mail that was sent in this round of attempts; return True.

    Return False if it is set aside already, was given up, or has been sent again since. Raises
    NotDone if its worker has not marked it as done yet.
    """
    item = OutboxItem.objects.select_for_update().get(pk=item_id)
    if item.failed_at is not None or item.round != round_:
        return False
    if item.done_at is None:
        raise NotDone
    item.done_at, item.failed_at, item.problem = None, now, f"{BOUNCED} {status}".strip()
    item.save(update_fields=["done_at", "failed_at", "problem"])
    events.record(ServiceEvent.MAIL_CAME_BACK, item, actor, now, status=status)
    outbox.enqueue(outbox.UNDELIVERED, now=now, mail=str(item.pk))
    return True


def _lock(item_id: UUID) -> OutboxItem:
    item = items().select_for_update().filter(pk=item_id).first()
    if item is None:
        raise NotSetAside
    return item
