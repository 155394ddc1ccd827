"""A run of the browser tests that leaves out a page fails and names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = """
from tests.every_page import EveryPage

NOTED = set()


def pytest_configure(config):
    pages = {"home", "orders", "certificates"}
    config.pluginmanager.register(EveryPage(lambda: NOTED, lambda names: sorted(pages - names)))
"""


def run(folder, looked_at, *options):
    """Run a test for each page in pytest; return its exit code and what it said."""
    (folder / "conftest.py").write_text(CONFTEST)
    for name in looked_at:
        lines = ["from conftest import NOTED", f"def test_{name}():", f"    NOTED.add('{name}')"]
        (folder / f"test_{name}.py").write_text("\n".join(lines))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    alone = ["-p", "no:cacheprovider", "-p", "xdist"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *alone, *options, "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("options", [[], ["-n", "2", "--dist", "loadfile"]])
def test_a_page_that_was_left_out_fails_the_run(tmp_path, options):
    code, said = run(tmp_path, ["home", "orders"], *options)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 passed" in said
    assert "no browser test looked at: certificates\n" in said


def test_a_run_that_looked_at_all_pages_in_two_processes_passes(tmp_path):
    code, said = run(tmp_path, ["home", "orders", "certificates"], "-n", "2", "--dist", "loadfile")
    assert code == pytest.ExitCode.OK
    assert "no browser test" not in said
