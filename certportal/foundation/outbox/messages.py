"""Messages to workers that an item is due. One on its way stands for further items of its task.

Redis counts the items of each task since its last message. The worker that takes the message takes
the count too, and finds the other items in the database: Celery needs more time for a message than
the service for a small item. Message and count are only hints (docs/decisions/broker-not-trusted.md
and urgency.md): an item that no worker was told of is found by the sweeper.
"""

from collections.abc import Callable
from functools import cache

import celery
import redis
import structlog
from django.conf import settings

from certportal.foundation import redis_store
from certportal.foundation.breaker import Breaker, Resting
from certportal.foundation.models import OutboxItem

log = structlog.get_logger(__name__)

COUNT_LASTS = 10
"""Seconds after which another message is sent although nobody has taken the last one: it may be
lost, or a worker of a version before the counts has taken it."""
# If the broker hangs, only one message waits for its time limit; the others of the request and of
# the next seconds are left to the sweeper.
broker = Breaker("broker", pause=5, slow=0.5)


def announce(*items: OutboxItem, each_for: int = 1) -> bool:
    """Send a message with each item's id, unless one for its task is on its way.

    Each message stands for so many items. Returns whether the broker answered; a failure is
    logged, and the sweeper sends the items later.
    """

    def act() -> None:
        counting = _redis().pipeline(transaction=False)
        for item in items:
            counting.set(_key(item.task), 0, ex=COUNT_LASTS, nx=True)
            counting.incrby(_key(item.task), each_for)
        counts = counting.execute(raise_on_error=False)[1::2]
        for item, count in zip(items, counts, strict=True):
            if count == each_for or isinstance(count, redis.ResponseError):  # it is no number
                _send(item)

    return _at_broker(items[0], act) if items else True


def send(item: OutboxItem) -> bool:
    """Send a message with the item's id, even if one for its task is on its way.

    Returns whether the broker answered.
    """
    return _at_broker(item, lambda: _send(item))


def taken(task: str) -> int:
    """Return for how many items the message just taken stands, with its own; 0 if unknown."""
    try:
        with broker.call():
            return int(_redis().getdel(_key(task)) or 0)
    except (Resting, redis.RedisError, ValueError):
        return 0


def _at_broker(item: OutboxItem, act: Callable[[], object]) -> bool:
    try:
        with broker.call():
            act()
    except Resting:
        return False
    except Exception as error:
        log.warning("broker_unavailable", topic=item.topic, error=type(error).__name__)
        return False
    return True


def _send(item: OutboxItem) -> None:
    message = celery.signature(item.task, kwargs={"item": str(item.id)})
    # The present queue may differ from that of the version that stored the item.
    routes = dict(settings.OUTBOX_ROUTES.get(item.topic, ()))
    message.apply_async(queue=routes.get(item.task, item.queue))


def _key(task: str) -> str:
    return f"outbox:{task}"


@cache
def _redis() -> redis.Redis:
    """Return the client of this process; its connections are not shared with forked processes."""
    return redis_store.connect()
