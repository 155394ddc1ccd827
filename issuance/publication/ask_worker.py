"""How web has the `ca` worker sign one answer, and waits for it: over Redis, for seconds.

The web processes hold no keys. Anybody may ask, so what can be asked for is bounded: one question
at a time from each web process, and so many a second; what is beyond that is not asked.
"""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import cast
from uuid import uuid4

import celery
import redis
import structlog
from django.conf import settings
from kombu.exceptions import KombuError

log = structlog.get_logger(__name__)

PATIENCE = 3
"""Seconds a client is kept waiting."""
A_SECOND = 10.0
AT_ONCE = 20.0


class Allowance:
    """So many questions a second, some more at once, and never two at the same time."""

    def __init__(self, a_second: float = A_SECOND, at_once: float = AT_ONCE) -> None:
        self._a_second, self._at_once = a_second, at_once
        self._left, self._seen = at_once, time.monotonic()
        self._turn = threading.Lock()

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Whether the question may be put, as long as the block lasts."""
        taken = self._turn.acquire(blocking=False)
        try:
            yield taken and self._has_one()
        finally:
            if taken:
                self._turn.release()

    def _has_one(self) -> bool:
        now = time.monotonic()
        gained = (now - self._seen) * self._a_second
        self._left, self._seen = min(self._at_once, self._left + gained), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


_allowance = Allowance()

type Waited = tuple[bytes, bytes] | None
"""What Redis tells who waits for a list: its name and the element."""


def ask(stem: str, request: bytes) -> bytes | None:
    """The answer (DER) that the `ca` worker signs for a request; None if there is none now."""
    with _allowance.take() as may:
        return _ask(stem, request) if may else None


def _ask(stem: str, request: bytes) -> bytes | None:
    reply_to = f"ocsp-answer:{uuid4().hex}"
    facts = {"stem": stem, "request": base64.b64encode(request).decode(), "reply_to": reply_to}
    try:
        task = celery.signature("issuance.answer_ocsp", kwargs=facts)
        task.apply_async(queue="ca", expires=PATIENCE)
        answered = cast(Waited, _store().blpop([reply_to], timeout=PATIENCE))
    except (redis.RedisError, KombuError, OSError) as error:
        log.warning("ocsp_not_asked", error=type(error).__name__)
        return None
    return answered[1] if answered else None


def reply(reply_to: str, answer: bytes) -> None:
    """Hand the answer to whoever waits for it; it is forgotten soon if nobody does."""
    with _store().pipeline() as together:
        together.rpush(reply_to, answer)
        together.expire(reply_to, PATIENCE)
        together.execute()


@cache
def _store() -> redis.Redis:
    timeout = PATIENCE + 1
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=timeout, socket_connect_timeout=1
    )
