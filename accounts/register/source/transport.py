"""HTTP GET of JSON with limits of time and size, and retries after temporary faults."""

import http.client
import json
import random
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certportal.foundation import deadline
from certportal.foundation.errors import Unavailable

_CHUNK = 64 * 1024
# Temporary faults. After any other status from 400 up a retry would not help.
_RETRIED = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 60.0
_HEADERS = {"Accept": "application/json"}


class SourceFault(Unavailable):
    """No answer or an invalid one; the message is for the log and the run record."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._create_connection = _connect


class _TlsConnection(http.client.HTTPSConnection):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._create_connection = _connect


def _connect(*args: Any, **options: Any) -> socket.socket:
    return deadline.watched(socket.create_connection(*args, **options))


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_TlsConnection, req)


class _Again(Unavailable):
    """A temporary fault; retry after at least `pause` seconds (None: the default pause)."""

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: the code server sends none, and a target would be untrusted."""

    def redirect_request(self, *_args: Any) -> None:
        return None


@dataclass
class Transport:
    """Limits of a fetch.

    ``timeout`` is for one read, ``whole_timeout`` for an answer with its head, ``first_pause``
    before the first retry (doubled each time), all in seconds; ``attempts`` counts the first try.
    """

    timeout: float = 20.0
    whole_timeout: float = 50.0
    max_bytes: int = 16 * 1024 * 1024
    attempts: int = 4
    first_pause: float = 1.0
    sleep: Callable[[float], object] = time.sleep

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
                self.sleep(self._pause(attempt, fault.pause))
        raise SourceFault("no tries allowed")

    def _pause(self, attempt: int, asked: float | None) -> float:
        # Jitter, so that many clients do not return to a recovered source at the same time.
        jitter = random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
        own = self.first_pause * 2.0 ** (attempt - 1) * jitter
        return min(max(own, asked or 0.0), _LONGEST_PAUSE)

    def _try(self, url: str) -> Any:
        request = urllib.request.Request(url, headers=_HEADERS)  # noqa: S310 (operator's address)
        opener = urllib.request.build_opener(_NoRedirect, _Http, _Https)
        try:
            with (
                deadline.within(self.whole_timeout),
                opener.open(request, timeout=self.timeout) as response,
            ):
                return None if response.status == 204 else _decode(self._read(response))
        except urllib.error.HTTPError as error:
            raise _of_status(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Again(type(error).__name__) from error

    def _read(self, response: Any) -> bytes:
        """The body. Raises SourceFault if it is too large."""
        parts: list[bytes] = []
        size = 0
        while part := response.read1(_CHUNK):
            size += len(part)
            if size > self.max_bytes:
                raise SourceFault(f"answer of more than {self.max_bytes} bytes")
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
