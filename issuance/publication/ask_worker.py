"""Lets a web process ask the `ca` worker something, and wait for the answer in Redis.

The web processes hold no keys, and have OCSP responses signed. Since anybody may ask for these, the
load on the worker is limited: each web process sends one request at a time, at a limited rate, and
drops the others. `ask_receipts` asks in the same way for the places of events in the log.
"""

import base64
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import cast
from uuid import uuid4

import celery
import redis
import structlog
from kombu.exceptions import KombuError

from certportal.foundation import redis_store
from certportal.foundation.errors import Unavailable

log = structlog.get_logger(__name__)

PATIENCE = 3
"""Seconds that a client is kept waiting, at most."""
DROPPED_AFTER = 600
"""Seconds after which a message that the worker has not yet received is dropped."""
A_SECOND = 10.0
AT_ONCE = 20.0


class Allowance:
    """A token bucket: ``a_second`` requests per second, bursts of ``at_once``, no concurrency."""

    def __init__(self, a_second: float = A_SECOND, at_once: float = AT_ONCE) -> None:
        self._a_second, self._at_once = a_second, at_once
        self._left, self._seen = at_once, time.monotonic()
        self._turn = threading.Lock()

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Yield whether a request may be sent; others are refused until the block ends."""
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

LONGEST_REQUEST = 10_000
"""Limit in bytes. A usual request, about one certificate, has 100 to 200."""
_STEM = re.compile(r"[-\w]{1,64}", re.ASCII)
_REPLY_TO = re.compile(r"ocsp-answer:[0-9a-f]{32}")
_REQUEST = re.compile(rf"[A-Za-z0-9+/]{{0,{LONGEST_REQUEST * 4 // 3 + 2}}}={{0,2}}")


class NotAsked(ValueError):
    """The message does not have the form in which the web processes send requests."""


@dataclass(frozen=True, slots=True)
class Question:
    """A message to the `ca` worker: CA, OCSP request (DER) and the Redis list for the reply."""

    stem: str
    request: bytes
    reply_to: str


type Waited = tuple[bytes, bytes] | None
"""Result of BLPOP: the name of the list and its element, or None after the timeout."""


def ask(stem: str, request: bytes) -> bytes | None:
    """The response (DER) that the `ca` worker signs for a request; None if it gives none now."""
    with _allowance.take() as may:
        return _ask(stem, request) if may else None


def _ask(stem: str, request: bytes) -> bytes | None:
    encoded = base64.b64encode(request).decode()
    return exchange("issuance.answer_ocsp", "ocsp", stem=stem, request=encoded)


def exchange(task: str, kind: str, **facts: str) -> bytes | None:
    """The answer of a task of the `ca` worker; None if there is no answer in time."""
    reply_to = f"{kind}-answer:{uuid4().hex}"
    try:
        asked = celery.signature(task, kwargs=facts | {"reply_to": reply_to})
        asked.apply_async(queue="ca", expires=PATIENCE)
        answered = cast(Waited, _store().blpop([reply_to], timeout=PATIENCE))
    except (redis.RedisError, KombuError, OSError) as error:
        log.warning("worker_not_asked", kind=kind, error=type(error).__name__)
        return None
    return answered[1] if answered else None


def tell(task: str, **facts: str) -> None:
    """Send the `ca` worker a message that needs no answer. Raises Unavailable."""
    try:
        celery.signature(task, kwargs=facts).apply_async(queue="ca", expires=DROPPED_AFTER)
    except (redis.RedisError, KombuError, OSError) as error:
        raise Unavailable(f"the signing worker is not told: {type(error).__name__}") from error


def texts_of(*given: tuple[object, re.Pattern[str]]) -> list[str]:
    """The values of a message, each a text that matches its pattern. Raises NotAsked."""
    texts = [text for text, form in given if isinstance(text, str) and form.fullmatch(text)]
    if len(texts) != len(given):
        raise NotAsked("the message is not of the form of a question")
    return texts


def read(stem: object, request: object, reply_to: object) -> Question:
    """Validate a message and return the question in it. Raises NotAsked.

    These messages, and those about receipts, carry data from outside. That is safe, because anybody
    may ask for the status of any certificate, and the signed status is always true. But this
    process holds keys, so it only accepts the limited form that `ask` sends.
    """
    texts = texts_of((stem, _STEM), (request, _REQUEST), (reply_to, _REPLY_TO))
    return Question(texts[0], base64.b64decode(texts[1]), texts[2])


def reply(reply_to: str, answer: bytes) -> None:
    """Send the answer to the waiting web process; it expires soon if nobody collects it."""
    with _store().pipeline() as together:
        together.rpush(reply_to, answer)
        together.expire(reply_to, PATIENCE)
        together.execute()


@cache
def _store() -> redis.Redis:
    return redis_store.connect(answer_within=PATIENCE + 1)
