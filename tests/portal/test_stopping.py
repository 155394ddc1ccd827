"""Whatever happens while `./portal` stops what it has started, nothing of it is left."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.journeys.steps import await_true
from tests.served import commands, running

ROOT = Path(__file__).parents[2]
BEGIN = """
. ./portal help >/dev/null
lock_data test
make_secrets
stop_at_the_end
place_services
DATABASE_URL=postgres:///none
start_services ""
"""
# Its terminal is closed as soon as it ends the first process: all of its process group are told.
TERMINAL_CLOSES = """
in_background closing bash -c '
    trap "kill -HUP -- -$0; exit" TERM
    echo >>"$1"
    while :; do read -rt 1 <>"$2"; done
' $$ "$DATA/ready" "$DATA/never"
until [ -e "$DATA/ready" ]; do :; done
"""
# The process from which the others are forked is frozen, in its own process group like all of them.
FORKS_ARE_FROZEN = """
start forks bash -c 'kill -STOP $$'
FORKS=${PIDS[forks]}
unset "PIDS[forks]"
until grep -q "^State:.T" "/proc/$FORKS/status"; do :; done
sleep() { :; }  # how long it waits for the end does not matter
"""
# As `timeout -k` and others do: the script with all that is in its process group.
ALL_ARE_KILLED = """
kill -KILL -- -$$
"""


@pytest.fixture
def data():
    made = Path(os.environ["PORTAL_DATA"], "stopping").resolve()
    shutil.rmtree(made, ignore_errors=True)  # of a run that was killed
    made.mkdir()
    os.mkfifo(made / "never")
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("meanwhile", [TERMINAL_CLOSES, FORKS_ARE_FROZEN, ALL_ARE_KILLED])
def test_nothing_is_left(meanwhile, data):
    environment = {**os.environ, "PORTAL_DATA": str(data), "REDIS_URL": ""}
    subprocess.run(
        ["bash", "-c", BEGIN + meanwhile],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
        timeout=120,
    )
    await_true(lambda: not running(data), lambda: f"left behind: {commands(data)}", seconds=30)
