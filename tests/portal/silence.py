"""Services that accept connections and then say nothing, as a frozen machine does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def mute_server() -> Iterator[int]:
    """Yield a port where connections are accepted and never answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield listener.getsockname()[1]


@contextmanager
def dripping_server(
    begin: bytes = b"", drop: bytes | None = b"x", *, pause: float = 0.05
) -> Iterator[int]:
    """Yield a port that sends `begin` and then, until the end of the test, drop after drop.

    Without a drop it breaks off.
    """
    over = threading.Event()

    def drip(connected: socket.socket) -> None:
        with connected, suppress(OSError):
            connected.sendall(begin)
            while drop is not None and not over.wait(pause):
                connected.sendall(drop)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connected, _ = listener.accept()
                threading.Thread(target=drip, args=[connected], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=[listener], daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


class Wire:
    """A socket file that passes everything on to another one, until it is cut off from it."""

    def __init__(self, place: Path, target: Path) -> None:
        self._target = target
        self._passing = threading.Event()
        self._passing.set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen(100)
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Let connections stand and be accepted, but pass nothing on."""
        self._passing.clear()

    def thaw(self) -> None:
        """Pass on what was said meanwhile, and all that follows."""
        self._passing.set()

    def close(self) -> None:
        """Accept no more connections."""
        self.thaw()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self._target))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while said := source.recv(65536):
                self._passing.wait()
                target.sendall(said)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
