"""A private Redis that takes connections and answers nothing is replaced, and can be stopped."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journeys.steps import await_true

ROOT = Path(__file__).parents[2]
FREEZE_AND_GO_ON = """
. ./portal help >/dev/null
make_secrets
place_services
REDIS_PATIENCE=1
start_redis
frozen=$(cat "$RUN/redis.pid")
kill -STOP "$frozen"
if redis_answers; then exit 3; fi
start_redis
redis_answers
[ "$(cat "$RUN/redis.pid")" != "$frozen" ]
frozen="$frozen $(cat "$RUN/redis.pid")"
kill -STOP "$(cat "$RUN/redis.pid")"
stop_redis
echo "$frozen"
"""


@pytest.fixture
def data():
    made = Path(os.environ["PORTAL_DATA"], "hung").resolve()
    shutil.rmtree(made, ignore_errors=True)  # of a run that was killed
    made.mkdir()
    yield made
    shutil.rmtree(made)


def test_a_redis_that_answers_nothing_is_replaced_and_stopped(data):
    environment = {**os.environ, "PORTAL_DATA": str(data)}
    done = subprocess.run(
        ["bash", "-c", FREEZE_AND_GO_ON],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    frozen = done.stdout.split()
    assert len(frozen) == 2
    await_true(lambda: not any(map(is_redis, frozen)), "a frozen one is left behind")


def is_redis(process):
    with suppress(OSError):
        return b"redis-server" in Path("/proc", process, "cmdline").read_bytes()
