"""What somebody should know and no row tells: kept in Redis for a while, for /healthz to read.

So monitoring asks nobody outside the service: whoever asks such a source notes how it went.
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
"""Time after the last failure in which a source counts as silent, if nobody asks it again."""
CLEARED_EVERY = 60.0
"""Seconds after which a process clears again what another one may have sounded meanwhile."""

_cleared_at: dict[str, float] = {}


def sound(name: str, *, lasting: timedelta) -> None:
    """Raise the alarm of this name, for so long; without Redis nothing happens."""
    _cleared_at.pop(name, None)
    with suppress(redis.RedisError):
        redis_store.connect().set(key_of(name), "", ex=lasting)


def clear(*names: str) -> None:
    """End the alarms of these names."""
    with suppress(redis.RedisError):
        redis_store.connect().delete(*map(key_of, names))


@contextmanager
def of_silence(name: str, *, lasting: timedelta = SILENCE) -> Iterator[None]:
    """Raise the alarm if what is asked inside is Unavailable, and clear it if it is answered.

    Answers come often and Redis may hang: one is cleared at once after this process's own alarm,
    and else once in CLEARED_EVERY. Hold nothing that others wait for around this.
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
