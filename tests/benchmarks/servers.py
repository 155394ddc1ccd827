"""Servers under measurement, ours and others': starting them, and the CPU time they take."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import harness
from tests.benchmarks.processes import of_session

STARTS_WITHIN, ENDS_WITHIN = 60.0, 10.0
CFSSL = "cfssl"
LISTENERS = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
MORE_THAN_A_HEAD = 200
"""Octets: an answer with a signature has more."""


@dataclass(frozen=True)
class Server:
    """A program that listens at a port of its own, in a session of its own."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        """Return the address of its root, without the last slash."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far."""
        return of_session(self.process.pid)

    def exact_cpu_seconds(self, *others: int) -> float:
        """Return that of its first process, and of other ones, to the nanosecond.

        Threads that have ended are not in it: for programs that keep theirs.
        """
        places = (Path(f"/proc/{each}/task").iterdir() for each in (self.process.pid, *others))
        told = ((each / "schedstat").read_text() for place in places for each in place)
        return sum(int(each.split()[0]) for each in told) / 1e9


def is_installed(program: str) -> bool:
    """Return whether the program is there; if not, a line below the table tells it."""
    found = shutil.which(program) is not None
    if not found:
        harness.note(f"{program} is not installed: its rows are left out.")
    return found


@contextmanager
def served(
    command: Sequence[str | Path],
    port: int,
    environment: Mapping[str, str] | None = None,
    *,
    says: bool = True,
) -> Iterator[Server]:
    """Start the command, wait until something listens at the port, and end it afterwards.

    ``says``: what it writes to standard error is kept.
    """
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None if says else subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(process, port)
        yield Server(port, process)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End all processes of its session, in the hard way if they do not end at once."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDS_WITHIN)
            break


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while not _is_listened_at(port):
        assert process.poll() is None, f"{process.args!r} ended"
        assert time.monotonic() < until, f"{process.args!r} does not listen"
        time.sleep(0.05)


def _is_listened_at(port: int) -> bool:
    """Whether the kernel has a listener there (proc_pid_net(5): state 0A).

    It is not tried by connecting: `openssl ocsp` reads for ever from who leaves without asking.
    """
    lines = [line.split() for each in LISTENERS for line in each.read_text().splitlines()[1:]]
    return any(line[1].endswith(f":{port:04X}") and line[3] == "0A" for line in lines)


def wrk(server: Server, script: Path, *, seconds: int, clients: int = 8) -> tuple[float, float]:
    """Return requests a second by the clock and a CPU second of the server; none of them failed."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", str(script), server.base]
    before = server.cpu_seconds()
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = server.cpu_seconds() - before
    assert "Non-2xx" not in told and "Socket errors" not in told, told
    count = re.search(r"(\d+) requests in", told)
    a_second = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert count and a_second, told
    return float(a_second[1]), int(count[1]) / spent


def one_by_one(
    server: Server, path: str, bodies: Sequence[bytes], *, seconds: int
) -> tuple[float, float]:
    """Return what `wrk` does, asking over a new connection each time, as HTTP/1.0 has it.

    For `openssl ocsp`, which wrk cannot ask: it begins with a connection that asks nothing.
    """
    head = f"POST {path} HTTP/1.0\r\nContent-Type: application/ocsp-request\r\n"
    asked = [f"{head}Content-Length: {len(each)}\r\n\r\n".encode() + each for each in bodies]
    count, before, begun = 0, server.cpu_seconds(), time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        with socket.create_connection(("127.0.0.1", server.port)) as connected:
            connected.sendall(asked[count % len(asked)])
            told = b"".join(iter(lambda: connected.recv(65536), b""))
        assert told.startswith(b"HTTP/1.0 200 ") and len(told) > MORE_THAN_A_HEAD, told
        count += 1
    return count / passed, count / (server.cpu_seconds() - before)
