"""A time limit for the database's answers, in the process that answers people.

libpq waits for ever for a server that is frozen or behind a dead network path: the server's own
statement_timeout does not run there, and kernel time-outs see a connection that is well.
"""

import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg2 import OperationalError
from psycopg2.extensions import (
    POLL_OK,
    POLL_READ,
    connection,
    get_wait_callback,
    set_wait_callback,
)

ANSWER_WITHIN = 5.0
"""Seconds that one answer, or connecting, may take."""
WHILE_SILENT = 0.2
"""The same limit while the server is known to be silent: pages fail at once, not one by one."""
SILENT_FOR = 3.0
"""Seconds after a missed answer in which the server counts as silent."""
GREETED_WITHIN = 1.0
"""Seconds in which a server that is well answers a new connection, whatever others wait for."""

# PostgreSQL's protocol, "Message Formats": a server answers an SSLRequest with one byte, S or N,
# before it asks who is there.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)

_silent_until = 0.0


def limit_answers() -> None:
    """Let psycopg2 wait with the limit, in every connection of this process.

    COPY and large objects cannot be used then; pages use neither.
    """
    set_wait_callback(wait)


@contextmanager
def unlimited() -> Iterator[None]:
    """Lift the limit in the whole process meanwhile: psycopg2 cannot COPY beside it."""
    limit = get_wait_callback()
    set_wait_callback(None)
    try:
        yield
    finally:
        set_wait_callback(limit)


def wait(waiting: connection) -> None:
    """Wait until the server has answered. Raises OperationalError; psycopg2 then disconnects.

    An answer may be missing because of this one statement, which waits for another's lock, say.
    Only a server that does not greet a new connection either counts as silent for all.
    """
    global _silent_until
    begun = time.monotonic()
    was_silent = begun < _silent_until
    until = begun + (WHILE_SILENT if was_silent else ANSWER_WITHIN)
    while (state := waiting.poll()) != POLL_OK:
        left = until - time.monotonic()
        # Not select(): it knows no descriptor beyond 1023.
        ready = select.poll()
        ready.register(waiting.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        if left <= 0 or not ready.poll(left * 1000):
            greets = _greets(waiting, WHILE_SILENT if was_silent else GREETED_WITHIN)
            _silent_until = 0.0 if greets else time.monotonic() + SILENT_FOR
            raise OperationalError("the database does not answer in time")
    _silent_until = 0.0


def _greets(waiting: connection, within: float) -> bool:
    """Whether the connection's server answers a new connection within so many seconds."""
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
