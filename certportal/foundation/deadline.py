"""A time limit for a whole exchange over HTTP or SMTP.

The libraries' time limits apply to each single read. A server that sends a byte a second, in the
TLS handshake, the head or the body, never exceeds them.
"""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from urllib3.exceptions import NewConnectionError


class Cut:
    """The connections opened within the limit; they are shut down when the time is over."""

    def __init__(self) -> None:
        self.is_over = False
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._handles: list[socket.socket] = []

    def after(self, seconds: float) -> None:
        """Let the time be over in so many seconds from now, whatever was said before."""
        self.stop()
        self._timer = threading.Timer(seconds, self.over)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Let the time be over never."""
        if self._timer is not None:
            self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        """Keep a duplicate of the socket, since wrapping it in TLS detaches the original object."""
        with self._lock:
            self._handles.append(connected.dup())
        if self.is_over:
            self.over()

    def over(self) -> None:
        """Shut the connections down, so that every pending read returns."""
        self.is_over = True
        with self._lock:
            for handle in self._handles:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Close the duplicates; the original connections stay open."""
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()


_current: ContextVar[Cut | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float, *, only_cut: bool = False) -> Iterator[None]:
    """Limit the time that the block may use its `watched` connections. Raises TimeoutError.

    With `only_cut` the connections are shut down, but the block's result or error is kept. Use it
    if something follows the answer that counts, such as SMTP's QUIT.
    """
    cut = Cut()
    cut.after(seconds)
    token = _current.set(cut)
    try:
        yield
    except Exception as error:
        if cut.is_over and not only_cut:
            raise TimeoutError(f"no whole answer within {seconds} s") from error
        raise
    else:
        # The library may have taken the end of the connection for the end of the answer.
        if cut.is_over and not only_cut:
            raise TimeoutError(f"no whole answer within {seconds} s")
    finally:
        _current.reset(token)
        cut.stop()
        cut.release()


def begin_again(seconds: float) -> None:
    """Give the rest of the surrounding `within`, if any, so many seconds from now."""
    cut = _current.get()
    if cut is not None:
        cut.after(seconds)


def watched(connected: socket.socket) -> socket.socket:
    """Apply the limit of the surrounding `within`, if any, to a new connection; return it."""
    cut = _current.get()
    if cut is not None:
        cut.watch(connected)
    return connected


def connect(
    host: str, port: int, seconds: float, options: Iterable[tuple[int, int, int]] = ()
) -> socket.socket:
    """Return a `watched` connection to the host's first address that answers. Raises OSError.

    The time is for all addresses together, which share what is left of it: by the libraries each
    would have it whole, so that a few dead ones, as of an IPv6 network that leads nowhere, used up
    the limit of the exchange before one that works was tried. `options` are the socket's.
    """
    ends = time.monotonic() + seconds
    fault = OSError("no address")
    places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for tried, (family, kind, protocol, _name, place) in enumerate(places):
        made = socket.socket(family, kind, protocol)
        try:
            for option in options:
                made.setsockopt(*option)
            made.settimeout(max(0.001, ends - time.monotonic()) / (len(places) - tried))
            made.connect(place)
        except OSError as error:
            made.close()
            fault = error
        else:
            made.settimeout(seconds)
            return watched(made)
    raise fault


def connected(new: Any) -> socket.socket:
    """Connect for an HTTP connection of urllib3: its `_new_conn`. Raises NewConnectionError."""
    try:
        return connect(new._dns_host, new.port, new.timeout, new.socket_options)
    except OSError as error:
        raise NewConnectionError(new, f"Failed to establish a new connection: {error}") from error
