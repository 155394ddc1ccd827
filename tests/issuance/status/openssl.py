"""`openssl ocsp` as a client of a responder that is served."""

import subprocess
from pathlib import Path

from tests.journeys.steps import await_true


def ocsp(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Return what it says of the answer; told to try later, as by a busy worker, it asks again."""
    command = ["openssl", "ocsp", *arguments]
    tries: list[subprocess.CompletedProcess[str]] = []

    def answered() -> bool:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        tries.append(done)
        return "trylater" not in done.stdout + done.stderr

    await_true(answered, "the responder says: try later", seconds=60)
    return tries[-1]
