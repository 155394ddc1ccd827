"""What was restored by half is not served: orders would get numbers that were given already."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.steps import await_true
from tests.served import CHOSEN, commands, digest, running
from tests.stack import free_port

HERE = Path(__file__).parents[3]


@pytest.fixture
def data() -> Iterator[Path]:
    """An empty data directory."""
    made = Path(os.environ["PORTAL_DATA"], "half-restored").resolve()
    shutil.rmtree(made, ignore_errors=True)  # of a run that was killed
    made.mkdir()
    yield made
    for place in (made, *Path("/var/tmp").glob(f"portal-*-{digest(made)}")):
        shutil.rmtree(place)


def begin(data: Path, *command: str) -> subprocess.Popen[str]:
    """Begin the command in a process group of its own."""
    chosen = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    return subprocess.Popen(
        ["./portal", *command],
        cwd=HERE,
        env={**chosen, "PORTAL_DATA": str(data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_only_a_restore_that_was_refused_or_completed_leaves_no_mark(data: Path) -> None:
    restore = ("restore", str(data / "nothing"), "--identity", str(data / "lock"))
    mark = data / "restoring"
    refused = begin(data, *restore)
    refused.communicate()
    assert (refused.returncode, mark.exists()) == (1, False)

    killed = begin(data, *restore)
    await_true(mark.exists, "nothing was begun", seconds=60)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    await_true(lambda: not running(data), lambda: f"left behind: {commands(data)}", seconds=30)

    refused = begin(data, *restore)
    refused.communicate()
    assert (refused.returncode, mark.exists()) == (1, True)
    served = begin(data, "run", "--port", str(free_port()), "--data", str(data))
    told = served.communicate()[1]
    assert (served.returncode, "was ended before it was complete" in told) == (1, True)
