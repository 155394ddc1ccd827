"""The process is killed (SIGKILL) between any two steps: one certificate in the end, never two."""

import os
import signal
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.dev.builders.hierarchy import make_hierarchy
from certportal.foundation.models import OutboxItem
from issuance import services
from issuance.models import IssuingCA, PreparedCertificate
from tests.issuance import fault_points
from tests.issuance.children import (
    approved_item,
    check_one,
    in_child,
    issue,
    issue_unless_busy,
    start_child,
)
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 3


@pytest.fixture
def points(settings: Settings, tmp_path: Path) -> Path:
    settings.FAULT_POINTS_DIR = str(tmp_path / "points")
    (tmp_path / "points").mkdir()
    return tmp_path / "points"


@pytest.fixture
def cas(transactional_db: None, settings: Settings, tmp_path: Path) -> dict[str, IssuingCA]:
    return make_hierarchy(settings, tmp_path)


@pytest.mark.parametrize("point", fault_points.ISSUE)
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


@pytest.mark.parametrize("point", fault_points.ISSUE)
def test_killed_while_issuing_what_waits_together(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    points: Path,
    now: datetime,
    point: str,
) -> None:
    approved = [approved_item(pharmacy, riitta, now) for _ in range(3)]
    items = OutboxItem.objects.filter(pk__in=[item.pk for _prepared, item in approved])
    for _prepared, item in approved:
        item.payload["confirmed_at"] = datetime.now(UTC).isoformat()
        item.save()
    (points / point).touch()
    assert in_child(partial(issue, approved[0][1])) == signal.SIGKILL
    assert items.filter(done_at=None).exclude(leased_until=None).count() == len(approved)
    items.update(leased_until=None)
    assert in_child(partial(issue, approved[0][1])) == 0
    assert not items.filter(done_at=None).exists()
    for prepared, _item in approved:
        check_one(prepared, len(approved))


def test_a_line_left_unforced_is_forced_to_disk_before_its_certificate_leaves(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    points: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a power failure would take it from the journal of a certificate that has left."""
    prepared, item = approved_item(pharmacy, riitta, now)
    (points / "journal_before_sync").touch()
    assert in_child(partial(issue, item)) == signal.SIGKILL
    forced = list[str]()

    def force(descriptor: int) -> None:
        forced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr(os, "fsync", force)
    issue(item)
    check_one(prepared, 1)
    assert "sote-ec-1.journal" in forced


def test_killed_again_and_again(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, points: Path, now: datetime
) -> None:
    prepared, item = approved_item(pharmacy, riitta, now)
    for point in fault_points.ISSUE[:-1]:
        (points / point).touch()
    killed = [in_child(partial(issue, item)) for _ in range(len(fault_points.ISSUE))]
    assert killed.count(signal.SIGKILL) >= 4
    assert killed[-1] == 0
    check_one(prepared, 1)


@pytest.mark.parametrize("point", fault_points.PREPARE)
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


@pytest.mark.parametrize("point", fault_points.APPROVE)
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
