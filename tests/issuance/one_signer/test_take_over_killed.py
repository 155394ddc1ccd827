"""A machine that stands still while another takes over, and take-overs that are killed midway."""

import importlib
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.dev.builders.hierarchy import make_hierarchy
from issuance import journal, services
from issuance.models import Certificate, IssuingCA, PreparedCertificate, RevokedSerial, SigningLease
from issuance.services.lease import SignerElsewhere
from tests.issuance import fault_points
from tests.issuance.children import approved_item, in_child, start_child
from tests.issuance.hosts import on

pytestmark = pytest.mark.django_db(transaction=True)

CA = "sote-ec-1"
# Where the first machine stands still: module and name of what it is about to call.
STILL = (
    ("issuance.services.issuing.attempts", "mark_signing"),
    ("issuance.services.issuing.sign_attempts", "sign_certificate"),
    ("issuance.journal", "append"),
    ("issuance.services.issuing.sign_attempts", "store"),
    ("issuance.services.issuing.sign_attempts", "mark_issued"),
)


@pytest.fixture
def cas(transactional_db: None, settings: Settings, tmp_path: Path) -> dict[str, IssuingCA]:
    settings.FAULT_POINTS_DIR = str(tmp_path / "points")
    settings.JOURNAL_COPY = str(tmp_path / "second")
    for folder in ("points", "second"):
        (tmp_path / folder).mkdir()
    with on(settings, "tuike1", tmp_path):
        return make_hierarchy(settings, tmp_path / "tuike1")


@pytest.fixture
def prepared(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> PreparedCertificate:
    return approved_item(pharmacy, riitta, now)[0]


def issue_standing_still(
    module: str, name: str, prepared: PreparedCertificate, now: datetime
) -> None:
    """Issue, and stop this process just before it calls the function of this name."""
    for each in {module, "issuance.services.issuing.issue"}:
        place = importlib.import_module(each)
        if hasattr(place, name):
            setattr(place, name, partial(_stop_first, getattr(place, name)))
    services.issue(prepared.reference, now=now)


def _stop_first(call: Callable[..., Any], *given: Any, **named: Any) -> Any:
    os.kill(os.getpid(), signal.SIGSTOP)
    return call(*given, **named)


def take_over(*options: str) -> None:
    call_command("take_over_signing", "--no-input", *options, stdout=StringIO())


@pytest.mark.parametrize(("module", "name"), STILL)
def test_one_that_stood_still_and_goes_on_stores_nothing(
    settings: Settings,
    tmp_path: Path,
    prepared: PreparedCertificate,
    now: datetime,
    module: str,
    name: str,
) -> None:
    with on(settings, "tuike1", tmp_path):
        child = start_child(partial(issue_standing_still, module, name, prepared, now))
    try:
        assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
        with on(settings, "tuike2", tmp_path):
            take_over()
            certificate = services.issue(prepared.reference, now=now)
        assert certificate is not None
    finally:
        os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1, "it may not go on"
    assert bytes(Certificate.objects.get().der) == bytes(certificate.der)
    with on(settings, "tuike2", tmp_path):
        assert [each.der for each in journal.entries(CA)] == [bytes(certificate.der)]
        assert services.reconcile(mend=False, now=now) == []


def test_one_that_stood_still_while_its_journal_was_given_up_stores_nothing(
    settings: Settings, tmp_path: Path, prepared: PreparedCertificate, now: datetime
) -> None:
    settings.JOURNAL_COPY = ""
    with on(settings, "tuike1", tmp_path):
        child = start_child(partial(issue_standing_still, *STILL[1], prepared, now))
    try:
        assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
        with on(settings, "tuike2", tmp_path):
            take_over("--journal-lost")
    finally:
        os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert not Certificate.objects.exists()
    assert RevokedSerial.objects.get().serial == prepared.serial
    with on(settings, "tuike1", tmp_path), suppress(SignerElsewhere):
        services.issue(prepared.reference, now=now)
    assert not Certificate.objects.exists()


def kill_while_issuing(prepared: PreparedCertificate, now: datetime, points: Path) -> None:
    """Leave the machine that has the lease dead, with a line that is not stored."""
    (points / "after_journal").touch()
    work = partial(services.issue, prepared.reference, now=now)
    assert in_child(work) == signal.SIGKILL


@pytest.mark.parametrize("point", fault_points.TAKE_OVER)
def test_killed_while_taking_over_from_the_copy(
    settings: Settings, tmp_path: Path, prepared: PreparedCertificate, now: datetime, point: str
) -> None:
    with on(settings, "tuike1", tmp_path):
        kill_while_issuing(prepared, now, tmp_path / "points")
    with on(settings, "tuike2", tmp_path):
        (tmp_path / "points" / point).touch()
        assert in_child(take_over) == signal.SIGKILL
        assert SigningLease.objects.get().journal == "", "nobody signs"
        assert in_child(take_over) == 0
        assert SigningLease.objects.get().journal == journal.identity()
        (entry,) = journal.entries(CA)
        assert bytes(Certificate.objects.get().der) == entry.der
        assert services.reconcile(mend=False, now=now) == []


@pytest.mark.parametrize("point", fault_points.TAKE_OVER_LOST)
def test_killed_while_taking_over_without_the_journal(
    settings: Settings,
    tmp_path: Path,
    prepared: PreparedCertificate,
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    point: str,
) -> None:
    settings.JOURNAL_COPY = ""
    other = approved_item(pharmacy, riitta, now)[0]
    with on(settings, "tuike1", tmp_path):
        assert services.issue(other.reference, now=now)
        kill_while_issuing(prepared, now, tmp_path / "points")
    with on(settings, "tuike2", tmp_path):
        (tmp_path / "points" / point).touch()
        lost = partial(take_over, "--journal-lost")
        assert in_child(lost) == signal.SIGKILL
        assert SigningLease.objects.get().journal == "", "nobody signs"
        assert in_child(lost) == 0
        assert RevokedSerial.objects.get().serial == prepared.serial
        assert Certificate.objects.get().reference == other.reference
        assert [each.serial for each in journal.entries(CA)] == [other.serial]
        assert services.reconcile(mend=False, now=now) == []


def test_killed_while_the_rest_of_a_damaged_journal_is_dropped(
    settings: Settings, tmp_path: Path, prepared: PreparedCertificate, now: datetime
) -> None:
    """What is before the damage counts in the next run too: its certificate is not given up."""
    settings.JOURNAL_COPY = ""
    with on(settings, "tuike1", tmp_path):
        kill_while_issuing(prepared, now, tmp_path / "points")
    with on(settings, "tuike2", tmp_path):
        shutil.copytree(tmp_path / "tuike1" / "journal", tmp_path / "tuike2" / "journal")
        whole = journal.path(CA).read_bytes()
        journal.path(CA).write_bytes(whole + b"damaged\n")
        (tmp_path / "points" / "take_over_while_adopting").touch()
        lost = partial(take_over, "--journal-lost")
        assert in_child(lost) == signal.SIGKILL
        assert in_child(lost) == 0
        assert not RevokedSerial.objects.exists()
        assert journal.path(CA).read_bytes() == whole
        assert services.issue(prepared.reference, now=now)


@pytest.mark.parametrize("point", ["take_over_while_adopting", "take_over_before_dropping"])
def test_killed_while_the_rest_of_a_damaged_journal_of_two_files_is_dropped(
    settings: Settings,
    tmp_path: Path,
    prepared: PreparedCertificate,
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    point: str,
) -> None:
    settings.JOURNAL_COPY = ""
    other = approved_item(pharmacy, riitta, now)[0]
    with on(settings, "tuike1", tmp_path):
        assert services.issue(other.reference, now=now)
        journal.path(CA).rename(f"{journal.path(CA)}.2025")
        kill_while_issuing(prepared, now, tmp_path / "points")
    with on(settings, "tuike2", tmp_path):
        shutil.copytree(tmp_path / "tuike1" / "journal", tmp_path / "tuike2" / "journal")
        with journal.path(CA).open("ab") as file:
            file.write(b"damaged\n")
        (tmp_path / "points" / point).touch()
        lost = partial(take_over, "--journal-lost")
        assert in_child(lost) == signal.SIGKILL
        assert in_child(lost) == 0
        assert not RevokedSerial.objects.exists()
        assert [each.serial for each in journal.entries(CA)] == [other.serial, prepared.serial]
        assert not list(journal.faults(CA))
        assert services.issue(prepared.reference, now=now)
