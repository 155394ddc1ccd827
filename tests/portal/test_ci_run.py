"""What the build machine runs ends at once when it is told to, with all that it started."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.journeys.steps import await_true

ROOT = Path(__file__).parents[2]
# In place of ./portal: notes what it is called with and when it ends; `$LASTING` waits to be ended.
PORTAL = """#!/usr/bin/env bash
trap 'echo "ended $*" >>"$NOTES"; exit 143' TERM
echo "began $*" >>"$NOTES"
[[ "$*" =~ $LASTING ]] || exit 0
tail -f /dev/null &
wait
"""


@pytest.fixture
def begin(tmp_path):
    """Return how to begin the run with that command waiting to be ended."""
    clone, notes, runs = tmp_path / "clone", tmp_path / "notes", []
    (clone / ".ci").mkdir(parents=True)
    for folder in ("corpus", "data/certificates"):
        (tmp_path / "shared" / folder).mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", clone / ".ci")
    (clone / "portal").write_text(PORTAL)
    (clone / "portal").chmod(0o755)

    def begin(lasting):
        given = os.environ | {"NOTES": str(notes), "LASTING": lasting}
        runs.append(subprocess.Popen([clone / ".ci" / "run"], env=given))
        return runs[-1], notes

    yield begin
    for run in runs:
        run.terminate()
        run.wait()


@pytest.mark.parametrize(
    ("lasting", "until"),
    [("^test$", ["test"]), ("containers|judging", ["test tests/judging", "containers --ignore"])],
)
def test_it_ends_at_once_with_all_that_it_started(begin, lasting, until):
    run, notes = begin(lasting)

    def has(word):
        told = notes.read_text() if notes.exists() else ""
        return all(f"{word} {command}" in told for command in until)

    await_true(lambda: has("began"), "the commands did not begin")
    run.terminate()
    assert run.wait(timeout=30) == 128 + signal.SIGTERM
    assert has("ended")


def test_what_fails_beside_the_judging_fails_the_run(begin):
    """Here the judge, which this clone has not."""
    run, notes = begin("^nothing$")
    assert run.wait(timeout=30) not in {0, 143}
    assert notes.read_text().count("began") == 3
