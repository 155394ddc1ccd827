"""Processes that read the settings, each forked from one that has loaded all but these.

Loading Celery and Django takes ten times as long as reading the settings.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

SAID = "stdout", "stderr"
MODULES = """
certportal django.contrib.admin.utils django.core.management.commands.check
django.db.backends.postgresql.base django.test badkeys dns.resolver fido2.server holidays
joserfc.jwt redis requests
"""
"""What `manage.py check` imports and takes long to load, and reads no settings."""


class Forks:
    """The process from which others are forked."""

    def __init__(self, folder: Path) -> None:
        """Start it. What the others say goes through files in the folder."""
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the code in a process of its own with nothing else in its environment."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(json.dumps([code, dict(environment)]), file=self.process.stdin, flush=True)
        status = int(self.process.stdout.readline())
        said = [(self.folder / name).read_text() for name in SAID]
        return subprocess.CompletedProcess([code], status, *said)

    def stop(self) -> None:
        """Let it end."""
        self.process.communicate()


def _serve(folder: Path) -> None:
    """Fork for each line of standard input; answer with the exit status."""
    for line in sys.stdin:
        if child := os.fork():
            _pid, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
        else:
            os._exit(_run(folder, *json.loads(line)))


def _run(folder: Path, code: str, environment: dict[str, str]) -> int:
    """Run the code as a new process would; return the exit status."""
    for name, stream in zip(SAID, (1, 2), strict=True):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.environ.clear()
    os.environ.update(environment)
    try:
        exec(code, {})
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    for module in MODULES.split():
        importlib.import_module(module)
    assert "certportal.settings" not in sys.modules
    _serve(Path(sys.argv[1]))
