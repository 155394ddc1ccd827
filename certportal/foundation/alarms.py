"""Alarms about conditions that no database row shows: stored in Redis with an expiry, for /healthz.

The code that calls an external service records there whether it failed, so that /healthz does not
have to call it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import redis

from certportal.foundation import redis_store
from certportal.foundation.breaker import Resting
from certportal.foundation.errors import Unavailable

SILENCE = timedelta(minutes=5)
"""How long a source counts as failing after its last failure, if it is not called again."""
CLEARED_EVERY = 60.0
"""Seconds after which a process clears an alarm again that another process may have raised."""

_cleared_at: dict[str, float] = {}


def sound(name: str, *, lasting: timedelta) -> None:
    """Raise the alarm for this time; does nothing if Redis does not answer."""
    _cleared_at.pop(name, None)
    with suppress(redis.RedisError):
        redis_store.connect().set(key_of(name), "", ex=lasting)


def clear(*names: str) -> None:
    with suppress(redis.RedisError):
        redis_store.connect().delete(*map(key_of, names))


@contextmanager
def of_silence(name: str, *, lasting: timedelta = SILENCE) -> Iterator[None]:
    """Raise the alarm if the block raises Unavailable, and clear it if the block succeeds.

    After a success the alarm is cleared at once if this process raised it, and otherwise once in
    CLEARED_EVERY, since successes are frequent. Redis may hang: do not hold locks around this.
    """
    try:
        yield
    except Resting:
        raise
    except Unavailable:
        sound(name, lasting=lasting)
        raise
    if time.monotonic() - _cleared_at.get(name, -CLEARED_EVERY) >= CLEARED_EVERY:
        _cleared_at[name] = time.monotonic()
        clear(name)


def key_of(name: str) -> str:
    """Return the Redis key that exists while the alarm is raised."""
    return f"alarm:{name}"
