"""A real ``ca`` worker: started as in service, fed through Redis."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from pytest_django import Settings

ROOT = Path(__file__).resolve().parents[2]
QUEUE = f"ca-test-{os.getpid()}"
PATIENCE = 60.0  # seconds

type SigningWorker = subprocess.Popen[bytes]


def database_url() -> str:
    facts = connection.settings_dict
    where = f"host={quote(facts['HOST'], safe='')}&port={facts['PORT']}"
    return f"postgres://{facts['USER']}:{quote(facts['PASSWORD'])}@/{facts['NAME']}?{where}"


@pytest.fixture
def environment(settings: Settings, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "password").write_text("a long password\n")
    (tmp_path / "points").mkdir()
    settings.PORTAL_DATA = tmp_path
    settings.CA_KEYS_DIR = str(tmp_path / "keys")
    settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "password")
    return {
        **os.environ,
        "PORTAL_ENV": "test",
        "PORTAL_PROCESS": "ca",
        "PORTAL_DATA": str(tmp_path),
        "DATABASE_URL": database_url(),
        "CA_KEYS_DIR": settings.CA_KEYS_DIR,
        "CA_KEY_PASSWORD_FILE": settings.CA_KEY_PASSWORD_FILE,
        "FAULT_POINTS_DIR": str(tmp_path / "points"),
    }


@pytest.fixture
def worker(environment: dict[str, str], tmp_path: Path) -> Iterator[SigningWorker]:
    command = f"{sys.executable} -m celery -A certportal worker -Q {QUEUE} -c 1 -l warning"
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*command.split(), "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
        yield process
        process.terminate()
        process.wait(PATIENCE)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "the worker did not get there in time"
        threading.Event().wait(0.05)
