"""clamd with one signature of its own, that of the test file; and a stand-in that answers amiss."""

import select
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.doubles.scanner import EICAR
from tests.journeys.steps import await_true

CLAMD = "/usr/sbin/clamd"
MOST = 12 * 1024 * 1024


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run clamd while the block runs; yield its address."""
    (folder / "db").mkdir()
    signature = f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n"
    (folder / "db" / "test.ndb").write_text(signature)
    place = folder / "clamd.ctl"
    lines = [
        f"LocalSocket {place}",
        f"DatabaseDirectory {folder}/db",
        f"TemporaryDirectory {folder}",
        f"StreamMaxLength {MOST}",
        "Foreground yes",
    ]
    (folder / "clamd.conf").write_text("\n".join(lines) + "\n")
    command = [CLAMD, "--config-file", str(folder / "clamd.conf")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder) as process:
        try:
            await_true(lambda: answers(place), "clamd never answered")
            yield f"unix:{place}"
        finally:
            process.terminate()


def answers(place: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as session:
        session.connect(str(place))
        return True
    return False


class Stubborn(socketserver.StreamRequestHandler):
    """Hears the stream out and says the same to everybody."""

    def handle(self) -> None:
        self.rfile.read(len(b"zINSTREAM\0"))
        while length := int.from_bytes(self.rfile.read(4), "big"):
            self.rfile.read(length)
        assert isinstance(self.server, Standin)
        with suppress(OSError):  # the other side may have gone
            for octet in self.server.answer:
                # Ends at once when the other side has gone.
                select.select([self.connection], [], [], self.server.pause)
                self.wfile.write(bytes([octet]))


class Standin(socketserver.TCPServer):
    allow_reuse_address = True
    answer = b""
    pause = 0.0


@contextmanager
def answering(answer: str, *, end: str = "\0", pause: float = 0) -> Iterator[str]:
    """Answer one scan with these words and this end, on a port; yield the address.

    `pause`: seconds before each octet, unless the other side goes.
    """
    with Standin(("127.0.0.1", 0), Stubborn) as server:
        server.answer, server.pause = (answer + end).encode(), pause
        server.timeout = 10
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        thread.join()
