"""Processes of the service, forked as those of `./portal run` are: certportal/shell/forks.py.

A process that is started by itself first loads the program, which takes some two seconds. What
these are forked from loads it once, for all tests of a test process.
"""

import atexit
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FORKS = [sys.executable, "certportal/shell/forks.py"]


class Forked:
    """One of them, with what tests use of a process that they start themselves."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._end = os.pidfd_open(pid)

    def __del__(self) -> None:
        os.close(self._end)

    def poll(self) -> int | None:
        """Return None as long as it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(timeout=0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; how it ended is known only to what it was forked from."""
        end = select.poll()
        end.register(self._end, select.POLLIN)
        if not end.poll(None if timeout is None else 1000 * timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return 0

    def send_signal(self, number: signal.Signals) -> None:
        """Send it the signal, unless it has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._end, number)


def fork(name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Forked:
    """Have a process forked that runs the module with its arguments, in a session of its own."""
    asked = [*FORKS, "ask", str(_place()), name, *command]
    with log.open("ab") as said:
        done = subprocess.run(
            asked, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=said, check=True
        )
    return Forked(int(done.stdout))


@cache
def _place() -> Path:
    """Start what they are forked from; it ends with this process. Return where it is asked."""
    folder = Path(tempfile.mkdtemp(prefix="portal-forks-"))
    place = folder / "forks.sock"
    bound = ["setpriv", "--pdeathsig", "TERM"]  # also if this process is killed
    with (folder / "forks.log").open("ab") as said:
        forks = subprocess.Popen(
            [*bound, *FORKS, "serve", str(place)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )

    def end() -> None:
        forks.terminate()
        forks.wait()
        shutil.rmtree(folder)

    atexit.register(end)
    return place
