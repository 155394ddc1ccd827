"""Database, disk and broker fail while issuing: one certificate, or none and the work open."""

import os
import random
import resource
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection, connections
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.dev.builders import people
from certportal.dev.builders.hierarchy import make_hierarchy
from certportal.foundation.models import OutboxItem
from issuance import journal, services, tasks
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services.signer import signer_for
from issuance.signers import Signer
from tests.issuance import fault_points
from tests.issuance.children import approved_item, check_one, in_child, issue, start_child
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order
from tests.postgres import PrivatePostgres, private_database

pytestmark = pytest.mark.django_db(transaction=True)

CA = "sote-ec-1"


@pytest.fixture
def cas(transactional_db: None, settings: Settings, tmp_path: Path) -> dict[str, IssuingCA]:
    return make_hierarchy(settings, tmp_path)


class Interfering:
    """A key that signs, and lets something happen just before the signature is handed over."""

    def __init__(self, signer: Signer, happening: object) -> None:
        self.signer, self.happening = signer, happening

    def sign(self, *arguments: object) -> bytes:
        made: bytes = self.signer.private_key.sign(*arguments)  # type: ignore[arg-type, call-arg]
        happening, self.happening = self.happening, bool  # once
        happening()  # type: ignore[operator]
        return made


def interfering(happening: object, ca: IssuingCA) -> Signer:
    signer = signer_for(ca)
    return replace(signer, private_key=Interfering(signer, happening))  # type: ignore[arg-type]


def lose_connection() -> None:
    """End this very session from another one, as a failing database or network does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [session])
    other.close()


def test_the_answer_is_lost_after_signing(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    for round_ in range(1, 21):
        prepared, item = approved_item(pharmacy, riitta, now)
        with pytest.raises(DatabaseError):
            services.issue(
                prepared.reference, now=now, load_signer=partial(interfering, lose_connection)
            )
        connection.close()
        assert Certificate.objects.count() == round_ - 1
        (signed,) = journal.of_references(CA, [str(prepared.reference)])
        issue(item)
        check_one(prepared, round_)
        certificate = Certificate.objects.get(reference=prepared.reference)
        assert bytes(certificate.der) == signed.der


def limited(most: int, work: object) -> None:
    """Let no file grow beyond so many bytes: the kernel refuses as it does on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    work()  # type: ignore[operator]


def test_a_full_disk_stops_before_the_signature(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    prepared, item = approved_item(pharmacy, riitta, now)
    assert in_child(partial(limited, 2_000, partial(issue, item))) == 0
    item.refresh_from_db()
    prepared.refresh_from_db()
    assert (item.done_at, item.problem) == (None, "JournalUnavailable")
    assert prepared.state == "prepared", "it can still be recalled"
    assert list(journal.entries(CA)) == []
    OutboxItem.objects.update(due_at=now.replace(year=2020))
    issue(item)
    check_one(prepared, 1)


def test_a_disk_that_fills_up_while_signing_loses_nothing(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    """The reserve is there already, and the file may not grow: the append fails as a whole.

    What waits is signed together.
    """
    approved_item(pharmacy, riitta, now)
    prepared, item = approved_item(pharmacy, riitta, now)
    journal.ensure_room(CA)
    assert in_child(partial(limited, 2_000, partial(issue, item))) == 0
    item.refresh_from_db()
    assert (item.done_at, item.problem) == (None, "JournalUnavailable")
    assert journal.path(CA).stat().st_size == 0
    assert not Certificate.objects.exists()
    OutboxItem.objects.update(due_at=now.replace(year=2020))
    issue(item)
    check_one(prepared, 2)


def test_the_broker_delivers_again_and_again(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    prepared, item = approved_item(pharmacy, riitta, now)
    work = partial(tasks.issue, item=str(item.pk))
    for child in [start_child(work) for _ in range(6)]:
        assert os.waitpid(child, 0)[1] == 0
    for _ in range(3):
        tasks.issue(item=str(item.pk))
        issue(item)
    check_one(prepared, 1)


@pytest.fixture
def server(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[PrivatePostgres]:
    with private_database() as made:
        make_hierarchy(settings, tmp_path)
        yield made


def someone(now: datetime) -> tuple[Organisation, Person]:
    matti = people.make_person("Matti Meikäläinen", now=now)
    pharmacy = Organisation.objects.create(name="Apteekki", founded_at=now, founded_by=matti)
    return pharmacy, people.make_reviewer("Riitta Ratkaisija", now=now)


def test_the_database_is_restarted_in_the_middle(server: PrivatePostgres, now: datetime) -> None:
    pharmacy, riitta = someone(now)
    made = []
    for _ in range(5):
        prepared, item = approved_item(pharmacy, riitta, now)
        with pytest.raises(DatabaseError):
            services.issue(
                prepared.reference, now=now, load_signer=partial(interfering, server.restart)
            )
        connection.close()
        made.append((prepared, item))
        assert not Certificate.objects.filter(reference=prepared.reference).exists()
    for prepared, item in made:
        issue(item)
        certificate = Certificate.objects.get(reference=prepared.reference)
        assert certificate.certificate.tbs_certificate_bytes == bytes(prepared.tbs)
    assert Certificate.objects.count() == len(list(journal.entries(CA))) == len(made)
    assert services.reconcile(mend=False, now=now) == []


def work_off(items: list[OutboxItem], seed: int) -> None:
    """Do all items in an order of one's own, as one of several workers does."""
    order = random.Random(seed).sample(items, len(items))
    for item in order:
        tasks.issue(item=str(item.pk))


def test_fifty_orders_at_once_become_fifty_certificates(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    settings: Settings,
    tmp_path: Path,
    now: datetime,
) -> None:
    """Twelve workers pull at the same orders, and one after another is killed on the way.

    No lease lasts, so that others take at once what one that was killed had leased.
    """
    settings.OUTBOX_LEASE_SECONDS = 0
    points = tmp_path / "points"
    points.mkdir()
    settings.FAULT_POINTS_DIR = str(points)
    made = [approved_item(pharmacy, riitta, now) for _ in range(50)]
    items = [item for _, item in made]
    for point in fault_points.ISSUE:
        (points / point).touch()
    for child in [
        start_child(partial(work_off, items, seed)) for seed in range(len(fault_points.ISSUE) + 3)
    ]:
        os.waitpid(child, 0)
    assert not list(points.iterdir()), "not every point was reached"
    for item in items:
        OutboxItem.objects.filter(pk=item.pk, done_at=None).update(due_at=now.replace(year=2020))
        issue(item)
    assert Certificate.objects.count() == 50
    assert {each.reference for each in Certificate.objects.all()} == {
        prepared.reference for prepared, _ in made
    }
    assert OutboxItem.objects.filter(task="applications.record_issued").count() == 50
    entries = list(journal.entries(CA))
    assert len(entries) == len({entry.serial for entry in entries}) == 50
    assert services.reconcile(mend=False, now=now) == []


def test_many_at_once_are_all_or_open(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    orders = [server_order(pharmacy) for _ in range(12)]
    attempts = services.prepare_all(orders, now=now)
    for attempt in attempts[:-1]:
        approve_by(riitta, attempt, now)
    references = [order.reference for order in orders]
    with pytest.raises(DatabaseError):
        services.issue_all(references, now=now, load_signer=partial(interfering, lose_connection))
    connection.close()
    assert not Certificate.objects.exists()
    issued = services.issue_all(references, now=now)
    assert [each.reference if each else None for each in issued] == [*references[:-1], None]
    assert PreparedCertificate.objects.get(reference=references[-1]).void_reason
    assert services.issue_all(references[:-1], now=now) == issued[:-1]
    assert services.reconcile(mend=False, now=now) == []


@pytest.mark.parametrize("point", fault_points.ISSUE)
def test_killed_while_issuing_many(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    settings: Settings,
    tmp_path: Path,
    now: datetime,
    point: str,
) -> None:
    settings.FAULT_POINTS_DIR = str(tmp_path)
    attempts = services.prepare_all([server_order(pharmacy) for _ in range(6)], now=now)
    for attempt in attempts:
        approve_by(riitta, attempt, now)
    references = [each.reference for each in attempts]
    (tmp_path / point).touch()
    work = partial(services.issue_all, references, now=now)
    assert in_child(work) == signal.SIGKILL
    assert Certificate.objects.count() in {0, len(attempts)}
    assert in_child(work) == 0
    issued = {each.reference: each for each in Certificate.objects.all()}
    assert set(issued) == set(references)
    for attempt in attempts:
        made = issued[attempt.reference].certificate
        assert made.tbs_certificate_bytes == bytes(attempt.tbs)
    assert len(list(journal.entries(CA))) == len(attempts)
    assert OutboxItem.objects.filter(
        topic="certificate.issued", task="applications.record_issued"
    ).count() == len(attempts)
    assert services.reconcile(mend=False, now=now) == []


def test_fault_points_are_refused_outside_tests(settings: Settings) -> None:
    settings.FAULT_POINTS_DIR = "/tmp/points"
    assert "issuance.E020" not in {fault.id for fault in run_checks(tags=["security"])}
    settings.PORTAL_ENV = "production"
    assert "issuance.E020" in {fault.id for fault in run_checks(tags=["security"])}
