"""A real ``ca`` worker, killed at every point."""

from datetime import UTC, datetime
from pathlib import Path

import celery
import pytest

from accounts.models import Organisation, Person
from certportal.foundation import clock
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
from tests.issuance.signing_worker import QUEUE, SigningWorker, environment, wait_until, worker

__all__ = ["environment", "worker"]

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# What is written before the kill survives it, synced or not: the next run finds it in the journal
# and never comes to "after_journal". test_kill.py kills there too.
POINTS = [point for point in fault_points.ISSUE if point != "journal_before_sync"]


@pytest.fixture
def now() -> datetime:
    """The present: the worker lets an approval expire by its own clock."""
    return clock.now()


def deliver(item: OutboxItem) -> None:
    """Hand the item over again as the sweeper does once the lease has run out."""
    OutboxItem.objects.filter(pk=item.pk).update(leased_until=None)
    task = celery.signature("issuance.issue", kwargs={"item": str(item.pk)})
    task.apply_async(queue=QUEUE)


def test_killed_at_every_point_it_makes_one_certificate(
    worker: SigningWorker,
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
