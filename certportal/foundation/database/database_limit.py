"""A time limit for the database's answers, in processes that must answer quickly.

libpq waits for ever for a server that is frozen or unreachable: the server's own statement_timeout
does not run then, and the kernel's TCP time-outs do not apply while packets are acknowledged.
"""

import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from psycopg2 import OperationalError
from psycopg2.extensions import POLL_OK, POLL_READ, connection, get_wait_callback, set_wait_callback

ANSWER_WITHIN = 5.0
"""Seconds that one answer, or connecting, may take."""
WHILE_SILENT = 0.2
"""The same limit while the server is known to be silent, so that all pages fail at once."""
SILENT_FOR = 3.0
"""Seconds after a missing answer in which the server counts as silent."""
GREETED_WITHIN = 1.0
"""Seconds in which a working server answers a new connection, whatever locks others wait for."""

# PostgreSQL's protocol, "Message Formats": a server answers an SSLRequest with one byte, S or N,
# before authentication.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)

_silent_until = 0.0
_within = ContextVar[float | None]("answer_within", default=None)


def limit_answers() -> None:
    """Apply the limit to every connection of this process, by psycopg2's wait callback.

    psycopg2 then supports neither COPY nor large objects, which pages do not use.
    """
    set_wait_callback(wait)


@contextmanager
def unlimited() -> Iterator[None]:
    """Remove the limit in the whole process during the block, for COPY."""
    limit = get_wait_callback()
    set_wait_callback(None)
    try:
        yield
    finally:
        set_wait_callback(limit)


@contextmanager
def answering_within(seconds: float) -> Iterator[None]:
    """Give each answer, and connecting, this many seconds during the block."""
    before = _within.set(seconds)
    try:
        yield
    finally:
        _within.reset(before)


def wait(waiting: connection) -> None:
    """Wait until the server has answered. Raises OperationalError; psycopg2 then disconnects.

    A missing answer may concern only this statement, for instance if it waits for a lock. The
    server counts as silent only if it does not answer a new connection either.
    """
    global _silent_until
    begun = time.monotonic()
    was_silent = begun < _silent_until
    until = begun + (WHILE_SILENT if was_silent else _within.get() or ANSWER_WITHIN)
    while (state := waiting.poll()) != POLL_OK:
        left = until - time.monotonic()
        # Not select(), which supports no descriptors above 1023.
        ready = select.poll()
        ready.register(waiting.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        if left <= 0 or not ready.poll(left * 1000):
            greets = _greets(waiting, WHILE_SILENT if was_silent else GREETED_WITHIN)
            _silent_until = 0.0 if greets else time.monotonic() + SILENT_FOR
            raise OperationalError("the database does not answer in time")
    _silent_until = 0.0


def _greets(waiting: connection, within: float) -> bool:
    """Whether the connection's server answers a new connection within this time in seconds."""
    with suppress(OSError), _connected(waiting, within) as asking:
        asking.sendall(_SSL_REQUEST)
        return bool(asking.recv(1))
    return False


def _connected(waiting: connection, within: float) -> socket.socket:
    """Open a second connection to the same server. Raises OSError."""
    host, port = waiting.info.host, waiting.info.port
    if not host.startswith("/"):
        return socket.create_connection((host, port), within)
    asking = socket.socket(socket.AF_UNIX)
    asking.settimeout(within)
    try:
        asking.connect(f"{host}/.s.PGSQL.{port}")
    except OSError:
        asking.close()
        raise
    return asking
