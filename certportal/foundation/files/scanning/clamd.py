"""ClamAV's daemon, spoken to over its own protocol.

A session is one command, INSTREAM of clamd(8): chunks with their lengths as four bytes in network
order, an empty chunk at the end, and one line back: `stream: OK`, `stream: NAME FOUND`, or an
error. The leading `z` has command and answer end in NUL.
"""

import re
import socket
from urllib.parse import urlsplit

from certportal.foundation.errors import Unavailable

COMMAND = b"zINSTREAM\0"
CHUNK = 64 * 1024
PORT = 3310
LONGEST_ANSWER = 1024
_FOUND = re.compile(r"stream: (\S{1,200}) FOUND\Z")


class Clamd:
    """A clamd at `tcp://host:port` or `unix:/path/to/socket`."""

    def __init__(self, *, address: str, seconds: float = 20) -> None:
        """Keep the address; `seconds` is the longest wait for each step of a session."""
        self.address, self.seconds = address, seconds

    def scan(self, data: bytes) -> str:
        """Return the name of what clamd found. Raises Unavailable for anything but an answer."""
        try:
            with self._connect() as session:
                return _read(self._ask(session, data))
        except OSError as error:
            raise Unavailable("virus scanner") from error

    def _connect(self) -> socket.socket:
        parts = urlsplit(self.address)
        if parts.scheme != "unix":
            place = (parts.hostname or "localhost", parts.port or PORT)
            return socket.create_connection(place, self.seconds)
        session = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            session.settimeout(self.seconds)
            session.connect(parts.path)
        except OSError:
            session.close()
            raise
        return session

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


def _read(answer: bytes) -> str:
    """Return the name of a find, empty for a clean stream. Raises Unavailable for all else."""
    line = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if line == "stream: OK":
        return ""
    found = _FOUND.match(line)
    if found is None:
        raise Unavailable(f"virus scanner: {line[:80]!r}")
    return found[1]
