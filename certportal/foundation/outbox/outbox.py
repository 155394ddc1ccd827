"""The outbox: work is stored in the transaction that causes it, leased, done, and swept if lost.

A broker that is down loses nothing: the item stands in the database, and the sweeper hands it
over once the broker is back. Delivery is at least once; handlers are idempotent.
"""

import functools
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import celery
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from certportal.foundation import clock, rows
from certportal.foundation.errors import Hopeless, Unavailable
from certportal.foundation.models import OutboxItem

log = structlog.get_logger(__name__)

# An item fails for good (and alarms) after this many tries that ended in an unexpected error.
MOST_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(minutes=5)


def enqueue(topic: str, *, now: datetime, **payload: Any) -> list[OutboxItem]:
    """Store one item for each task that hears the topic and hand them over after the commit.

    `payload` is JSON: ids and small values. Raises KeyError for a topic nobody hears.
    """
    return enqueue_all(topic, [payload], now=now)


def enqueue_all(
    topic: str,
    payloads: Iterable[dict[str, Any]],
    *,
    now: datetime,
    paced: bool = False,
) -> list[OutboxItem]:
    """Do as `enqueue` for each payload, with one statement for all.

    `paced` leaves it to the sweeper to hand them over, so many each time, and lets the work of
    people who wait go first.
    """
    items = [
        OutboxItem(
            topic=topic,
            task=task,
            queue=queue,
            payload=payload,
            created_at=now,
            due_at=now,
        )
        for payload in payloads
        for task, queue in settings.OUTBOX_ROUTES[topic]
    ]
    rows.insert(items)
    for item in items:
        if not paced:
            transaction.on_commit(functools.partial(hand_over, item), robust=True)
    return items


def hand_over(item: OutboxItem) -> bool:
    """Send the item's id to its queue and tell whether the broker took it.

    A broker that is down is logged and left to the sweeper.
    """
    try:
        celery.signature(item.task, kwargs={"item": str(item.id)}).apply_async(queue=item.queue)
    except Exception as error:
        log.warning("broker_unavailable", topic=item.topic, error=type(error).__name__)
        return False
    return True


def lease_time() -> timedelta:
    """Return how long a worker may hold an item before another takes it."""
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def lease(item_id: UUID | str, *, now: datetime) -> OutboxItem | None:
    """Take the item for this worker, or return None when it is done, failed, early or taken."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    taken = OutboxItem.objects.filter(
        free, pk=item_id, done_at=None, failed_at=None, due_at__lte=now
    ).update(leased_until=now + lease_time(), handed_at=None, attempts=F("attempts") + 1)
    return OutboxItem.objects.get(pk=item_id) if taken else None


def finish(item: OutboxItem, *, now: datetime) -> None:
    """Mark the item done."""
    OutboxItem.objects.filter(pk=item.pk).update(done_at=now, leased_until=None, problem="")


def postpone(item: OutboxItem, error: Exception, *, now: datetime) -> None:
    """Let the item be tried again later; a hopeless one and one that keeps failing is set aside."""
    pause = min(timedelta(seconds=2 ** min(item.attempts, 9)), LONGEST_PAUSE)
    tired = not isinstance(error, Unavailable) and item.attempts >= MOST_ATTEMPTS
    hopeless = tired or isinstance(error, Hopeless)
    OutboxItem.objects.filter(pk=item.pk).update(
        due_at=now + pause,
        leased_until=None,
        handed_at=None,
        failed_at=now if hopeless else None,
        problem=f"{type(error).__name__}"[:500],
    )
    log.warning(
        "item_postponed",
        topic=item.topic,
        item=str(item.pk),
        attempts=item.attempts,
        error=type(error).__name__,
        failed=hopeless,
        exc_info=not isinstance(error, Unavailable | Hopeless),
    )


def task(name: str) -> Callable[[Callable[..., None]], Any]:
    """Turn `def handler(*, item, now, **payload)` into the Celery task that does outbox items.

    The task leases the item, calls the handler outside any transaction and marks it done; an
    exception postpones it. `item` is the OutboxItem (its id makes a stable Message-ID).
    """

    def decorate(handler: Callable[..., None]) -> Any:
        @celery.shared_task(name=name)
        @functools.wraps(handler)
        def run(*, item: str, **_: Any) -> None:
            perform(handler, item)

        return run

    return decorate


def perform(handler: Callable[..., None], item_id: str) -> None:
    """Lease the item, run the handler, and mark the outcome."""
    leased = lease(item_id, now=clock.now())
    if leased is None:
        log.info("item_not_free", item=item_id)
        return
    try:
        handler(item=leased, now=clock.now(), **leased.payload)
    except Exception as error:
        postpone(leased, error, now=clock.now())
    else:
        finish(leased, now=clock.now())


def sweep(*, now: datetime, limit: int = 500) -> int:
    """Hand over again every open item that is due and not leased; return how many were sent.

    Finds work whose message was lost with the broker or whose worker died with the lease.
    Items made in the last seconds are left to the message already on its way. An item is sent
    once in a lease's time, so that a long queue is not made longer by each sweep.
    """
    _set_right(now)
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    unsent = Q(handed_at=None) | Q(handed_at__lte=now - lease_time())
    grace = now - timedelta(seconds=settings.OUTBOX_SWEEP_SECONDS)
    waiting = OutboxItem.objects.filter(
        free, unsent, done_at=None, failed_at=None, due_at__lte=grace
    )
    items = list(waiting.order_by("due_at")[:limit])
    # Marked before it is sent: a worker that takes it at once wipes the mark.
    OutboxItem.objects.filter(pk__in=[item.pk for item in items]).update(handed_at=now)
    unsent_still = [item.pk for item in items if not hand_over(item)]
    OutboxItem.objects.filter(pk__in=unsent_still).update(handed_at=None)
    return len(items) - len(unsent_still)


def _set_right(now: datetime) -> None:
    """Make due what was stored, sent or taken while the clock ran ahead, before it was put back.

    No pause and no lease is so long.
    """
    ahead = now + 2 * max(LONGEST_PAUSE, lease_time())
    future = Q(due_at__gt=ahead) | Q(leased_until__gt=ahead) | Q(handed_at__gt=ahead)
    OutboxItem.objects.filter(future, done_at=None, failed_at=None).update(
        due_at=now, leased_until=None, handed_at=None
    )
