"""What runs on Node.js beside the service, and is waited for no longer than it may take."""

import select
import shutil
import subprocess
from pathlib import Path
from typing import Any

import requests

SECONDS = 60


def install(place: Path, program: str, folder: Path) -> None:
    """Install in the folder what the place's lock file says, and the program."""
    for name in ("package.json", "package-lock.json", program):
        shutil.copy(place / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=folder, check=True, timeout=300)


def await_ready(process: subprocess.Popen[str]) -> None:
    """Wait until the program says that it is ready."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], SECONDS)[0], "the program says nothing"
    assert process.stdout.readline() == "ready\n"


class Session(requests.Session):
    """Waits for no answer for ever."""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """Ask, with a limit where none is given."""
        return super().request(*arguments, **{"timeout": SECONDS, **options})
