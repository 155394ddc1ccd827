"""`./portal run` serves with everything beside it, and leaves nothing behind however it ends."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.steps import await_true

HERE = Path(__file__).parents[2]
CHOSEN = {"DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORTAL_ENV", "PORTAL_BASE_URL", "PORTAL_DATA"}


@pytest.fixture(scope="module")
def data():
    """A data directory of its own."""
    made = Path(os.environ["PORTAL_DATA"], "served").resolve()
    made.mkdir(exist_ok=True)
    yield made
    shutil.rmtree(made)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def running(data):
    """Return the processes at work on the directory. Servers run where their own user may."""
    marks = str(data).encode(), hashlib.sha256(str(data).encode()).hexdigest()[:12].encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if process.name != str(os.getpid()) and any(mark in about for mark in marks):
            found[int(process.name)] = about
    return found


def kill_database(data):
    """Kill the database's first process, on which the others hang."""
    found = running(data).items()
    (first,) = [pid for pid, about in found if b"/bin/postgres\0-D" in about]
    os.kill(first, signal.SIGKILL)


def answer_to(port, path):
    """Return the status of the answer, an error's too."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(("end", "group"), [(signal.SIGINT, True), (signal.SIGKILL, False)])
def test_it_serves_and_leaves_no_orphan(data, end, group):
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    run = subprocess.Popen(
        ["./portal", "run", "--port", str(port), "--data", str(data)],
        cwd=HERE,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # The test command runs in the background, where Ctrl-C is ignored; a person's does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    told = "".join(iter(run.stdout.readline, "Ctrl-C stops everything.\n"))
    assert f"http://localhost:{port}" in told
    assert "Matti Meikäläinen" in told and "Riitta Ratkaisija" in told
    assert answer_to(port, "/livez") == 200
    kill_database(data)
    asked = "/fi/register/?q=apteekki"
    await_true(lambda: answer_to(port, asked) == 200, "the database stays away", seconds=60)
    os.killpg(run.pid, end) if group else run.send_signal(end)
    run.wait(timeout=60)
    await_true(lambda: not running(data), "something is left behind", seconds=60)
