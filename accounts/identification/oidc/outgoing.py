"""HTTP requests to the identity provider, none of which can hold a thread for longer than a limit.

People wait in web's few threads while we ask. So an exchange has a limit as a whole, few are under
way at once, and after one that ran into its limit the next ones are spared for a while.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from certportal.foundation import alarms, deadline
from certportal.foundation.breaker import Breaker, Resting
from certportal.foundation.errors import Unavailable

NAME = "identification"
TIMEOUT_SECONDS = (3, 4)
"""For connecting, and for each read."""
WHOLE_SECONDS = 5.0
AT_ONCE = 3
"""Exchanges at once in a process, of whose four threads one stays free."""
TURN_SECONDS = 0.5
"""How long a new login waits for its turn, in a thread that pages lack meanwhile."""
END_TURN_SECONDS = 2.0
"""How long the end of a login waits, even behind a lagging exchange."""

LAGGING_SECONDS = 3.0
"""After so long an exchange makes the provider suspect: no new login waits for a turn any more."""

breaker = Breaker("identity provider", pause=20, slow=TIMEOUT_SECONDS[0])
_turns = threading.BoundedSemaphore(AT_ONCE)
_begun: list[float] = []
_ends_login: ContextVar[bool] = ContextVar("ends_login", default=False)


class _Connection(HTTPConnection):
    def _new_conn(self) -> Any:
        return deadline.watched(super()._new_conn())


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> Any:
        return deadline.watched(super()._new_conn())


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS: dict[str, Any] = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager


def send(method: str, address: str, **options: Any) -> requests.Response:
    """Send a request, follow no redirect, and return the whole answer.

    Raises Unavailable, also for a status from 500 up, and Resting if it was not sent at all.
    """
    # Redis is told after the turn: one that hangs would make every exchange a lagging one.
    with alarms.of_silence(NAME):
        with _turn():
            reply = _exchange(method, address, **options)
        if reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable(NAME)
        return reply


@contextmanager
def end_of_login() -> Iterator[None]:
    """Let what is sent inside wait for its turn even behind a lagging exchange.

    The person has identified already, and the provider's code is good for one login only.
    """
    token = _ends_login.set(True)
    try:
        yield
    finally:
        _ends_login.reset(token)


def _exchange(method: str, address: str, **options: Any) -> requests.Response:
    try:
        with breaker.call(), deadline.within(WHOLE_SECONDS), requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter())
            return session.request(
                method, address, timeout=TIMEOUT_SECONDS, allow_redirects=False, **options
            )
    except (requests.RequestException, OSError) as error:
        raise Unavailable(NAME) from error


@contextmanager
def _turn() -> Iterator[None]:
    patience = END_TURN_SECONDS if _ends_login.get() else 0 if _lags() else TURN_SECONDS
    if not _turns.acquire(timeout=patience):
        raise Resting(f"{NAME}: others wait for it")
    begun = time.monotonic()
    _begun.append(begun)
    try:
        yield
    finally:
        _begun.remove(begun)
        _turns.release()


def _lags() -> bool:
    """Whether an exchange under way takes suspiciously long."""
    return any(time.monotonic() - begun > LAGGING_SECONDS for begun in [*_begun])
