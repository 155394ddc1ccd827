"""A private server that takes connections and answers nothing is replaced, and can be stopped."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journeys.steps import await_true

ROOT = Path(__file__).parents[2]
BEGIN = """
. ./portal help >/dev/null
lock_data test
make_secrets
place_services
"""
REDIS = """
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
POSTGRES = """
POSTGRES_PATIENCE=1
first() { head -n 1 "$STORE/postgres/postmaster.pid"; }
ask() { "${POSTGRES%/*}/psql" -h "$RUN" -U portal -qtAc "$1" portal; }
start_postgres ""
ask "CREATE TABLE kept AS SELECT 42 AS answer"
ask "SELECT pg_sleep(600)" >/dev/null 2>&1 7>&- 9>&- &
until [ "$(ask "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%(600)'")" = 1 ]; do :; done
frozen=$(first)
kill -STOP "$frozen"
if postgres_answers; then exit 3; fi
start_postgres ""
postgres_answers
[ "$(first)" != "$frozen" ]
[ "$(ask "SELECT answer FROM kept")" = 42 ]
frozen="$frozen $(first)"
kill -STOP "$(first)"
stop_postgres
echo "$frozen"
"""
# Notes each time that a hung server was asked in vain.
WATCHED = """
REDIS_PATIENCE=2 POSTGRES_PATIENCE=2
start_redis
start_postgres ""
redis() { cat "$RUN/redis.pid"; }
postgres() { head -n 1 "$STORE/postgres/postmaster.pid"; }
frozen=$($SERVER)
timeout() {
    local status=0
    command timeout "$@" || status=$?
    [ $status != 124 ] || echo >>"$DATA/asked"
    return $status
}
sleep() { [ "${FUNCNAME[1]}" != postgres_answers ] || echo >>"$DATA/asked"; command sleep "$@"; }
kill -STOP "$frozen"
watch_processes >/dev/null 2>&1 &
while kill -0 "$frozen" 2>/dev/null; do command sleep 0.1; done
wc -l <"$DATA/asked"
until [ "$($SERVER)" != "$frozen" ] && "${SERVER}_answers"; do command sleep 0.1; done
kill $!
wait $! || true
stop_services
"""

# Root's servers are elsewhere if their user cannot enter the data (`place_services`).
REMOVE = 'rm -rf "$STORE" "$RUN"'


@pytest.fixture
def data():
    made = Path(os.environ["PORTAL_DATA"], "hung").resolve()
    shutil.rmtree(made, ignore_errors=True)  # of a run that was killed
    made.mkdir()
    run(REMOVE, made)
    yield made
    run(REMOVE, made)
    shutil.rmtree(made)


def run(script, data):
    return subprocess.run(
        ["bash", "-c", BEGIN + script],
        cwd=ROOT,
        env={**os.environ, "PORTAL_DATA": str(data)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("server", "program"), [(REDIS, b"redis-server"), (POSTGRES, b"bin/postgres")]
)
def test_a_server_that_answers_nothing_is_replaced_and_stopped(server, program, data):
    done = run(server, data)
    assert done.returncode == 0, done.stderr
    frozen = done.stdout.split()
    assert len(frozen) == 2
    await_true(
        lambda: not any(runs(program, process) for process in frozen), "a frozen one is left behind"
    )


@pytest.mark.parametrize(("server", "times"), [("redis", 1), ("postgres", 2)])
def test_whoever_watches_a_hung_server_waits_for_it_once(server, times, data):
    done = run(f"SERVER={server}\n{WATCHED}", data)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == times


def runs(program, process):
    with suppress(OSError):
        return program in Path("/proc", process, "cmdline").read_bytes()


HALF_MADE = """
setsid bash -c '. ./portal help >/dev/null; place_services; start_postgres ""' 9>&- &
until compgen -G "$STORE/postgres*/PG_VERSION" >/dev/null; do :; done
kill -KILL -- -$!
start_postgres ""
"${POSTGRES%/*}/psql" -h "$RUN" -U portal -qtAc "SELECT 1" portal
stop_postgres
"""


def test_a_cluster_that_was_half_made_when_all_was_killed_is_made_anew(data):
    done = run(HALF_MADE, data)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
