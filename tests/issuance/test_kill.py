"""The process is killed (SIGKILL) between any two steps: one certificate in the end, never two."""

import os
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from django.db import connections
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation import outbox
from certportal.foundation.models import OutboxItem
from issuance import faults, journal, services, tasks
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services.locks import Busy
from tests.issuance.conftest import approve_by
from tests.issuance.hierarchy import make_hierarchy
from tests.issuance.orders import server_order

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 20


@pytest.fixture
def points(settings: Settings, tmp_path: Path) -> Path:
    settings.FAULT_POINTS_DIR = str(tmp_path / "points")
    (tmp_path / "points").mkdir()
    return tmp_path / "points"


@pytest.fixture
def cas(transactional_db: None, settings: Settings, tmp_path: Path) -> dict[str, IssuingCA]:
    return make_hierarchy(settings, tmp_path)


def in_child(work: Callable[[], object]) -> int:
    """Do the work in a process of its own; return the signal that killed it, or 0."""
    _, status = os.waitpid(start_child(work), 0)
    return -os.waitstatus_to_exitcode(status)


def start_child(work: Callable[[], object]) -> int:
    connections.close_all()
    if child := os.fork():
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def issue(item: OutboxItem) -> None:
    """Run the task as a worker would once the lease of the one killed has run out."""
    OutboxItem.objects.filter(pk=item.pk).update(leased_until=None)
    tasks.issue(item=str(item.pk))


def approved_item(
    pharmacy: Organisation, riitta: Person, now: datetime
) -> tuple[PreparedCertificate, OutboxItem]:
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    # the clock of the test stands still, the worker's does not
    long_ago, far_ahead = now.replace(year=2020), now.replace(year=2100)
    PreparedCertificate.objects.update(expires_at=far_ahead)
    reference = str(prepared.reference)
    (item,) = outbox.enqueue("certificate.confirmed", now=long_ago, reference=reference)
    return prepared, item


@pytest.mark.parametrize("point", faults.ISSUE)
def test_killed_while_issuing(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    points: Path,
    now: datetime,
    point: str,
) -> None:
    for round_ in range(1, TIMES + 1):
        prepared, item = approved_item(pharmacy, riitta, now)
        (points / point).touch()
        assert in_child(partial(issue, item)) == signal.SIGKILL
        item.refresh_from_db()
        assert item.done_at is None, "the work must still be open"
        assert in_child(partial(issue, item)) == 0
        item.refresh_from_db()
        assert item.done_at is not None
        check_one(prepared, round_)


def check_one(prepared: PreparedCertificate, expected: int) -> None:
    """One certificate, told once, in the journal once, and all of the approved bytes."""
    certificate = Certificate.objects.get(reference=prepared.reference)
    assert Certificate.objects.count() == expected
    assert certificate.certificate.tbs_certificate_bytes == bytes(prepared.tbs)
    assert OutboxItem.objects.filter(task="applications.record_issued").count() == expected
    signed = [entry.der for entry in journal.entries("sote-ec-1")]
    assert len(signed) == expected
    assert bytes(certificate.der) in signed


def test_killed_again_and_again(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, points: Path, now: datetime
) -> None:
    prepared, item = approved_item(pharmacy, riitta, now)
    for point in faults.ISSUE[:-1]:
        (points / point).touch()
    killed = [in_child(partial(issue, item)) for _ in range(len(faults.ISSUE))]
    assert killed.count(signal.SIGKILL) >= 4
    assert killed[-1] == 0
    check_one(prepared, 1)


@pytest.mark.parametrize("point", faults.PREPARE)
def test_killed_while_preparing(
    cas: dict[str, IssuingCA], pharmacy: Organisation, points: Path, now: datetime, point: str
) -> None:
    for _ in range(TIMES):
        order = server_order(pharmacy)
        (points / point).touch()
        assert in_child(partial(services.prepare, order, now=now)) == signal.SIGKILL
        left = PreparedCertificate.objects.filter(reference=order.reference)
        assert left.count() == (point == "prepare_after_commit")
        services.prepare(order, now=now)
        assert left.filter(state=PreparedCertificate.State.PREPARED).count() == 1


@pytest.mark.parametrize("point", faults.APPROVE)
def test_killed_while_approving(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    points: Path,
    now: datetime,
    point: str,
) -> None:
    for _ in range(TIMES):
        prepared = services.prepare(server_order(pharmacy), now=now)
        (points / point).touch()
        assert in_child(partial(approve_by, riitta, prepared, now)) == signal.SIGKILL
        assert prepared.approvals.count() == (point == "approve_after_commit")
        assert approve_by(riitta, prepared, now).complete
        assert prepared.approvals.count() == 1


def issue_unless_busy(prepared: PreparedCertificate, now: datetime) -> None:
    with suppress(Busy):
        services.issue(prepared.reference, now=now)


def test_two_workers_at_once(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    for round_ in range(1, 11):
        prepared, item = approved_item(pharmacy, riitta, now)
        work = partial(issue_unless_busy, prepared, now)
        for child in [start_child(work) for _ in range(4)]:
            assert os.waitpid(child, 0)[1] == 0
        issue(item)
        check_one(prepared, round_)


def test_points_are_inert_without_the_setting(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    points: Path,
    settings: Settings,
    now: datetime,
) -> None:
    settings.FAULT_POINTS_DIR = ""
    prepared, item = approved_item(pharmacy, riitta, now)
    (points / "after_signing").touch()
    assert in_child(partial(issue, item)) == 0
    check_one(prepared, 1)
