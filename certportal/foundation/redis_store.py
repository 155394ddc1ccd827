"""Connections to Redis with short time limits."""

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

LIMIT = 1.0
"""Seconds for connecting, and by default for each answer."""


def connect(*, answer_within: float = LIMIT, decode: bool = False) -> redis.Redis:
    """Return a client of the configured Redis.

    It does not retry: with the library's default of three retries with pauses, a Redis that does
    not answer would block the caller for more than ten seconds.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=answer_within,
        socket_connect_timeout=LIMIT,
        retry=Retry(NoBackoff(), 0),
        decode_responses=decode,
    )
