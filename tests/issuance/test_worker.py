"""A real ``ca`` worker: started as in service, fed through Redis, killed at every point."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import celery
import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from issuance import journal, services
from issuance.authority.places import Place
from issuance.models import Certificate
from issuance.services.ceremony.create_ca import create_ca
from issuance.signers.file import KeyFiles
from tests.issuance import fault_points
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
QUEUE = f"ca-test-{os.getpid()}"
PATIENCE = 60.0  # seconds
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# What is written before the kill survives it, synced or not: the next run finds it in the journal
# and never comes to "after_journal". test_kill.py kills there too.
POINTS = [point for point in fault_points.ISSUE if point != "journal_before_sync"]


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
def worker(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
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


def deliver(item: OutboxItem) -> None:
    """Hand the item over again as the sweeper does once the lease has run out."""
    OutboxItem.objects.filter(pk=item.pk).update(leased_until=None)
    task = celery.signature("issuance.issue", kwargs={"item": str(item.pk)})
    task.apply_async(queue=QUEUE)


def test_killed_at_every_point_it_makes_one_certificate(
    worker: subprocess.Popen[bytes],
    environment: dict[str, str],
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    tmp_path: Path,
) -> None:
    create_ca(Place("production", "ec"), keys=KeyFiles(), actor=system("test"), now=now)
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    reference = str(prepared.reference)
    (item,) = outbox.enqueue("certificate.confirmed", now=LONG_AGO, reference=reference)
    for point in POINTS:
        marker = tmp_path / "points" / point
        marker.touch()
        deliver(item)
        wait_until(lambda marker=marker: not marker.exists())
    deliver(item)
    wait_until(lambda: OutboxItem.objects.filter(pk=item.pk, done_at__isnull=False).exists())
    certificate = Certificate.objects.get()
    (entry,) = journal.entries("sote-ec-1")
    assert entry.der == bytes(certificate.der)
    assert certificate.certificate.tbs_certificate_bytes == bytes(prepared.tbs)
    assert OutboxItem.objects.filter(task="applications.record_issued").count() == 1
