"""Connections to Redis that give up in time."""

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

LIMIT = 1.0
"""Seconds for connecting, and by default for each answer."""


def connect(*, answer_within: float = LIMIT, decode: bool = False) -> redis.Redis:
    """Return a client of the configured Redis.

    It tries once: the library's own default of three further tries with pauses would make a Redis
    that does not answer hold its caller for more than ten seconds.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=answer_within,
        socket_connect_timeout=LIMIT,
        retry=Retry(NoBackoff(), 0),
        decode_responses=decode,
    )
