"""GET of JSON with limits of time and size, and retries after temporary faults."""

import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import HTTPError

from certportal.foundation.errors import Unavailable
from certportal.foundation.outgoing import exchange

# Temporary faults. After any other status from 300 up a retry would not help.
_RETRIED = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 60.0
_HEADERS = {"Accept": "application/json"}


class SourceFault(Unavailable):
    """No answer or an invalid one; the message is for the log and the run record."""


class _Again(Unavailable):
    """A temporary fault; retry after at least `pause` seconds (None: the default pause)."""

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


@dataclass
class Transport:
    """Limits of a fetch.

    ``timeout`` is for one read, ``whole_timeout`` for an answer with its head, ``first_pause``
    before the first retry (doubled each time), all in seconds; ``attempts`` counts the first try.
    ``fetched`` are the bytes of all answers so far.
    """

    timeout: float = 20.0
    whole_timeout: float = 50.0
    max_bytes: int = 16 * 1024 * 1024
    attempts: int = 4
    first_pause: float = 1.0
    sleep: Callable[[float], object] = time.sleep
    fetched: int = 0

    def get(self, url: str) -> Any:
        """The decoded JSON at *url*, or None if there is no content (204).

        Raises:
            SourceFault: no valid answer after all attempts, or a permanent fault.
        """
        for attempt in range(1, self.attempts + 1):
            try:
                return self._try(url)
            except _Again as fault:
                if attempt == self.attempts:
                    raise SourceFault(f"{fault} after {attempt} tries") from fault
                jitter = random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
                own = self.first_pause * 2.0 ** (attempt - 1) * jitter
                self.sleep(min(max(own, fault.pause or 0.0), _LONGEST_PAUSE))
        raise SourceFault("no tries allowed")

    def _try(self, url: str) -> Any:
        try:
            reply = exchange(
                "GET",
                url,
                timeout=(self.timeout, self.timeout),
                whole_seconds=self.whole_timeout,
                most_bytes=self.max_bytes,
                # The system's store: a code server may stand behind an organisation's own CA.
                trust=ssl.create_default_context(),
                headers=_HEADERS,
            )
        except (OSError, HTTPError) as error:
            raise _Again(type(error).__name__) from error
        except ValueError as error:
            raise SourceFault(str(error)) from error
        self.fetched += len(reply.body)
        if reply.status in _RETRIED:
            asked = reply.headers.get("Retry-After", "")
            pause = float(asked) if asked.isdecimal() else None
            raise _Again(f"status {reply.status}", pause)
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise SourceFault(f"status {reply.status}")
        try:
            return None if reply.status == HTTPStatus.NO_CONTENT else reply.json()
        except ValueError as error:
            raise _Again("answer is not JSON") from error
