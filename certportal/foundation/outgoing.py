"""HTTP requests to other services, limited so that none occupies a thread for long.

`exchange` sends one request, with limits of total time and size. `Outgoing` is for the web process,
which has few threads: it limits the number of concurrent exchanges, and sends none for a while
after one that exceeded its time limit.
"""

import json
import logging
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests
import structlog
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from certportal.foundation import alarms, deadline
from certportal.foundation.breaker import Breaker, Resting
from certportal.foundation.errors import Unavailable

TIMEOUT_SECONDS = (3, 4)
"""For connecting, and for each read."""
AT_ONCE = 3
"""Concurrent exchanges with all services in a process, so that one of its four threads is free."""
LONGEST_CAUSE = 400
"""Characters of an error that are logged; urllib3's messages name the cause at their end."""
LAGGING_SECONDS = 3.0
"""While an exchange has lasted this long, further exchanges with its service do not wait."""

log = structlog.get_logger()
_threads = threading.BoundedSemaphore(AT_ONCE)
_is_secret: ContextVar[bool] = ContextVar("is_secret", default=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer to a request."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """Return the decoded body. Raises ValueError if it is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deep") from error


class Outgoing:
    """The exchanges with one service; `name` is also the name of its alarm.

    `at_once`: how many at a time. `secret`: the URLs contain secrets, so the libraries' log lines
    are dropped and an Unavailable does not carry the error that caused it.
    """

    whole_seconds = 5.0
    turn_seconds = 0.5
    """How long an exchange waits for its turn, in a thread that pages need too."""
    patient_seconds = 2.0
    """The same inside `patiently`, even behind a lagging exchange."""
    most_bytes = 1024 * 1024

    def __init__(self, name: str, *, at_once: int = AT_ONCE, secret: bool = False) -> None:
        self.name, self.secret = name, secret
        self.breaker = Breaker(name, pause=20, slow=TIMEOUT_SECONDS[0])
        self.begun: list[float] = []
        self._own = threading.BoundedSemaphore(at_once)
        self._is_patient: ContextVar[bool] = ContextVar(f"patient-{name}", default=False)

    def send(
        self, method: str, address: str, *, faults: Collection[int] = (), **options: Any
    ) -> Reply:
        """Send a request, follow no redirect, and return the whole answer.

        Raises Unavailable, also for the statuses in `faults` and all from 500 up, and Resting if
        the request was not sent at all.
        """
        # The alarm is set after the turn, since a hanging Redis would make every exchange lag.
        with alarms.of_silence(self.name):
            with self.turn():
                reply = self._exchange(method, address, **options)
            if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in faults:
                raise Unavailable(f"{self.name}: status {reply.status}")
            return reply

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """Let exchanges in the block wait for their turn even behind a lagging exchange.

        For the last step of a login: the person has identified already, and the service's code can
        be used only once.
        """
        token = self._is_patient.set(True)
        try:
            yield
        finally:
            self._is_patient.reset(token)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the places for concurrent exchanges. Raises Resting if none gets free."""
        patience = self.turn_seconds
        if self._is_patient.get():
            patience = self.patient_seconds
        elif any(time.monotonic() - begun > LAGGING_SECONDS for begun in [*self.begun]):
            patience = 0
        until = time.monotonic() + patience
        with _place(self._own, self.name, until), _place(_threads, self.name, until):
            begun = time.monotonic()
            self.begun.append(begun)
            try:
                yield
            finally:
                self.begun.remove(begun)

    def _exchange(self, method: str, address: str, **options: Any) -> Reply:
        token = _is_secret.set(self.secret)
        try:
            with self.breaker.call():
                return exchange(
                    method,
                    address,
                    timeout=TIMEOUT_SECONDS,
                    whole_seconds=self.whole_seconds,
                    most_bytes=self.most_bytes,
                    **options,
                )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            if not self.secret:
                log.warning("exchange_failed", service=self.name, cause=str(error)[:LONGEST_CAUSE])
                raise Unavailable(self.name) from error
            kind = type(error).__name__
        finally:
            _is_secret.reset(token)
        # Outside the except block, so that the library's error, which names the URL, is not
        # chained.
        raise Unavailable(f"{self.name}: {kind}")


def exchange(
    method: str,
    address: str,
    *,
    timeout: tuple[float, float],
    whole_seconds: float,
    most_bytes: int,
    trust: ssl.SSLContext | None = None,
    **options: Any,
) -> Reply:
    """Send a request, follow no redirect, and return the whole answer, all within the limits.

    `trust`: the CAs trusted for the server's certificate, instead of those of requests (certifi).
    Raises ValueError for a larger answer, OSError or urllib3's HTTPError for every other fault.
    """
    with deadline.within(whole_seconds), requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(trust))
        more: dict[str, Any] = {"timeout": timeout, "allow_redirects": False}
        with session.request(method, address, stream=True, **more, **options) as reply:
            return Reply(reply.status_code, _read(reply, most_bytes), reply.headers)


def _read(reply: requests.Response, most_bytes: int) -> bytes:
    body = bytearray()
    for part in reply.iter_content(64 * 1024):
        body += part
        if len(body) > most_bytes:
            raise ValueError(f"answer of more than {most_bytes} bytes")
    return bytes(body)


@contextmanager
def _place(places: threading.BoundedSemaphore, name: str, until: float) -> Iterator[None]:
    if not places.acquire(timeout=max(0, until - time.monotonic())):
        raise Resting(f"{name}: others wait for it")
    try:
        yield
    finally:
        places.release()


class _Connection(HTTPConnection):
    _new_conn = deadline.connected


class _TlsConnection(HTTPSConnection):
    _new_conn = deadline.connected


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS: dict[str, Any] = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    def __init__(self, trust: ssl.SSLContext | None) -> None:
        self._trust = trust
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._trust)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options, ssl_context=self._trust)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # The method of requests adds certifi's CAs.
        if self._trust is None:
            super().cert_verify(conn, url, verify, cert)


class _Unsaid(logging.Filter):
    """Drops a library's log lines during an exchange whose URL is secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _is_secret.get()


for _part in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_part}").addFilter(_Unsaid())
