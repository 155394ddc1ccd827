"""`./portal run` as somebody starts it: for the tests and benchmarks that talk to the whole."""

import hashlib
import os
import signal
import subprocess
from pathlib import Path
from typing import IO, cast

from tests.journeys.steps import await_true

CHOSEN = {"DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORTAL_ENV", "PORTAL_BASE_URL", "PORTAL_DATA"}
CHOSEN |= {"SECRET_KEY_FILE", "IDENTITY_KEYS_FILE"}


def digest(data: Path) -> str:
    """Return by what the servers' own directory is named after the data."""
    return hashlib.sha256(str(data).encode()).hexdigest()[:12]


def running(data: Path) -> dict[int, bytes]:
    """Return the processes at work on the directory. Servers run where their own user may."""
    marks = str(data).encode(), digest(data).encode()
    found: dict[int, bytes] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            about += os.fsencode((process / "cwd").readlink())  # nginx writes over the others
        except OSError:
            continue
        if process.name != str(os.getpid()) and any(mark in about for mark in marks):
            found[int(process.name)] = about
    return found


def commands(data: Path) -> list[list[bytes]]:
    """Return how the processes at work on the directory were called: without their environment."""
    return [about.split(b"\0")[:4] for about in running(data).values()]


def start(checkout: Path, data: Path, port: int) -> subprocess.Popen[str]:
    """Start it in a session of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    return subprocess.Popen(
        ["./portal", "run", "--port", str(port), "--data", str(data)],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=(data / "said").open("w"),
        text=True,
        start_new_session=True,
        # The test command runs in the background, where Ctrl-C is ignored; a person's does not.
        preexec_fn=lambda: (signal.signal(signal.SIGINT, signal.SIG_DFL), os.umask(0)),
    )


def told_by(run: subprocess.Popen[str], data: Path) -> str:
    """Return what it says until it is up."""
    told: list[str] = []
    output = cast(IO[str], run.stdout)
    while (line := output.readline()) != "Ctrl-C stops everything.\n":
        assert line, f"it ended: {(data / 'said').read_text()}"
        told.append(line)
    return "".join(told)


def stop(
    run: subprocess.Popen[str],
    data: Path,
    end: signal.Signals = signal.SIGINT,
    *,
    group: bool = True,
) -> None:
    """End it and wait until nothing of it is left."""
    if group:
        os.killpg(run.pid, end)
    else:
        run.send_signal(end)
    run.wait(timeout=60)
    await_true(lambda: not running(data), lambda: f"left behind: {commands(data)}", seconds=60)
