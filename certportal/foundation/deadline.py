"""A limit of time for a whole exchange over HTTP or SMTP.

Time limits of the libraries are for one read each. A server that sends a byte a second, in the TLS
handshake, the head or the body of an answer or a reply, keeps within them for ever.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar


class Cut:
    """The connections made within the limit; they are shut down when the time is over."""

    def __init__(self) -> None:
        """Begin without a connection."""
        self.is_over = False
        self._lock = threading.Lock()
        self._handles: list[socket.socket] = []

    def watch(self, connected: socket.socket) -> None:
        """Keep a handle of the connection's own: TLS takes the first one away from its object."""
        with self._lock:
            self._handles.append(connected.dup())
        if self.is_over:
            self.over()

    def over(self) -> None:
        """Shut the connections down: whoever reads from them reads the end."""
        self.is_over = True
        with self._lock:
            for handle in self._handles:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Close the handles; the connections are their users'."""
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()


_current: ContextVar[Cut | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float, *, only_cut: bool = False) -> Iterator[None]:
    """Limit what is done with watched connections. Raises TimeoutError if it was cut off.

    With `only_cut`, a return and an error stand as they are: where something follows the answer
    that counts, as SMTP's QUIT does, what was cut off need not be the answer.
    """
    cut = Cut()
    timer = threading.Timer(seconds, cut.over)
    timer.daemon = True
    timer.start()
    token = _current.set(cut)
    try:
        yield
    except Exception as error:
        if cut.is_over and not only_cut:
            raise TimeoutError(f"no whole answer within {seconds} s") from error
        raise
    else:
        # An end where the library took the end of the connection for the answer's.
        if cut.is_over and not only_cut:
            raise TimeoutError(f"no whole answer within {seconds} s")
    finally:
        _current.reset(token)
        timer.cancel()
        cut.release()


def watched(connected: socket.socket) -> socket.socket:
    """Put a new connection under the limit in force, if there is one, and return it."""
    cut = _current.get()
    if cut is not None:
        cut.watch(connected)
    return connected
