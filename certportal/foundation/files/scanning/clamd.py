"""A client for ClamAV's daemon, clamd.

Each session is one INSTREAM command (clamd(8)): chunks, each preceded by its length as four bytes
in network order, and an empty chunk at the end. The response is one line: `stream: OK`,
`stream: NAME FOUND`, or an error. With prefix `z`, command and response end in NUL; a response
without it was cut short, and says nothing.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from certportal.foundation import deadline
from certportal.foundation.breaker import Breaker, Resting
from certportal.foundation.errors import Unavailable

COMMAND = b"zINSTREAM\0"
CHUNK = 64 * 1024
PORT = 3310
LONGEST_ANSWER = 1024
ASKED_SECONDS = 2.0
"""The longest time for an empty file, by which `/healthz` learns whether it answers."""
AT_ONCE = 2
"""Concurrent scans in a process, so that two of web's four threads are free while it is silent."""
TURN_SECONDS = 2.0
"""How long a scan waits for its turn, in a thread that pages need too."""
_places = threading.BoundedSemaphore(AT_ONCE)
breaker = Breaker("virus scanner", pause=20, slow=3)
_FOUND = re.compile(r"stream: ([!-~]{1,200}) FOUND\Z")


class Clamd:
    """A clamd at `tcp://host:port` or `unix:/path/to/socket`."""

    def __init__(self, *, address: str, seconds: float = 20) -> None:
        """Keep the address; `seconds` is the longest time for a scan."""
        self.address, self.seconds = address, seconds

    def scan(self, data: bytes) -> str:
        """Return the name of the virus found, or empty. Raises Unavailable."""
        seconds = self.seconds if data else min(self.seconds, ASKED_SECONDS)
        try:
            with _turn(), deadline.within(seconds), self._connect(seconds) as session:
                return _read(self._ask(session, data))
        except OSError as error:
            raise Unavailable("virus scanner") from error

    def _connect(self, seconds: float) -> socket.socket:
        parts = urlsplit(self.address)
        if parts.scheme != "unix":
            return deadline.connect(parts.hostname or "localhost", parts.port or PORT, seconds)
        session = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            session.settimeout(seconds)
            session.connect(parts.path)
        except OSError:
            session.close()
            raise
        return deadline.watched(session)

    def _ask(self, session: socket.socket, data: bytes) -> bytes:
        session.sendall(COMMAND)
        for start in range(0, len(data), CHUNK):
            chunk = data[start : start + CHUNK]
            session.sendall(len(chunk).to_bytes(4, "big") + chunk)
        session.sendall(bytes(4))
        answer = b""
        while len(answer) < LONGEST_ANSWER and not answer.endswith(b"\0"):
            more = session.recv(LONGEST_ANSWER)
            if not more:
                break
            answer += more
        return answer


@contextmanager
def _turn() -> Iterator[None]:
    """Hold a place for a scan. Raises Resting if none gets free, or after a scan without answer."""
    if not _places.acquire(timeout=TURN_SECONDS):
        raise Resting("virus scanner: others wait for it")
    try:
        with breaker.call():
            yield
    finally:
        _places.release()


def _read(answer: bytes) -> str:
    """Return the virus name in the response, or empty if clean. Raises Unavailable otherwise."""
    line, end = answer[:-1].decode("utf-8", "replace"), answer[-1:]
    if end == b"\0" and line == "stream: OK":
        return ""
    found = _FOUND.match(line)
    if end != b"\0" or found is None:
        raise Unavailable(f"virus scanner: {line[:80]!r}")
    return found[1]
