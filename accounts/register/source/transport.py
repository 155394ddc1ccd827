"""One HTTP GET of JSON, bounded in time and size, tried again when trying again may help."""

import http.client
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certportal.foundation.errors import Unavailable

_CHUNK = 64 * 1024
# Faults of the moment. Any other status from 400 up is a fault of our asking: it stays.
_RETRIED = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 60.0
_HEADERS = {"Accept": "application/json"}


class SourceFault(Unavailable):
    """The source answered wrongly or not at all; the message is for the log and the run."""


class _Again(Exception):
    """Worth another try, not before `pause` seconds have passed (None: the usual pause)."""

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The code server does not redirect; following one would trust whoever sent it."""

    def redirect_request(self, *_args: Any) -> None:
        return None


@dataclass
class Transport:
    """How to fetch: seconds for each read and for a whole answer, bytes, tries, pauses."""

    timeout: float = 20.0
    whole_timeout: float = 120.0
    max_bytes: int = 16 * 1024 * 1024
    attempts: int = 4
    first_pause: float = 1.0
    sleep: Callable[[float], object] = time.sleep

    def get(self, url: str) -> Any:
        """The decoded JSON at *url*, or None when there is no content (204).

        Raises:
            SourceFault: no usable answer within the tries, or one not worth trying again.
        """
        for attempt in range(1, self.attempts + 1):
            try:
                return self._try(url)
            except _Again as fault:
                if attempt == self.attempts:
                    raise SourceFault(f"{fault} after {attempt} tries") from fault
                self.sleep(self._pause(attempt, fault.pause))
        raise SourceFault("no tries allowed")

    def _pause(self, attempt: int, asked: float | None) -> float:
        # Jitter, so that many mirrors do not come back to a mended source all at once.
        jitter = random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
        own = self.first_pause * 2.0 ** (attempt - 1) * jitter
        return min(max(own, asked or 0.0), _LONGEST_PAUSE)

    def _try(self, url: str) -> Any:
        request = urllib.request.Request(url, headers=_HEADERS)  # noqa: S310 (operator's address)
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=self.timeout) as response:
                return None if response.status == 204 else _decode(self._read(response))
        except urllib.error.HTTPError as error:
            raise _of_status(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Again(type(error).__name__) from error

    def _read(self, response: Any) -> bytes:
        """The body; a source that drips is cut off at the whole timeout."""
        ends_at = time.monotonic() + self.whole_timeout
        parts: list[bytes] = []
        size = 0
        while part := response.read1(_CHUNK):
            size += len(part)
            if size > self.max_bytes:
                raise SourceFault(f"answer of more than {self.max_bytes} bytes")
            if time.monotonic() > ends_at:
                raise _Again("answer too slow")
            parts.append(part)
        if response.length:  # fewer bytes than Content-Length promised
            raise _Again("half an answer")
        return b"".join(parts)


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Again("answer is not JSON") from error


def _of_status(error: urllib.error.HTTPError) -> Exception:
    with error:
        if error.code not in _RETRIED:
            return SourceFault(f"status {error.code}")
        asked = error.headers.get("Retry-After", "")
    return _Again(f"status {error.code}", float(asked) if asked.isdecimal() else None)
