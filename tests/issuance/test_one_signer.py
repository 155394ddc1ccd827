"""One journal signs: another machine refuses, and takes over only by command."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation import models
from certportal.foundation.actors import system
from certportal.operations import health, one_signer, self_checks
from issuance import journal, services
from issuance.authority.ocsp import Standing
from issuance.journal import copies, files
from issuance.models import (
    Certificate,
    IssuingCA,
    PreparedCertificate,
    RevokedSerial,
    SigningLease,
)
from issuance.publication import repository
from issuance.services import lease
from issuance.services.recovery.take_over import CannotTakeOver, Source, plan
from issuance.services.status import standing
from issuance.signers import SignerUnavailable
from tests.alarms import sounds
from tests.full_disk import full_disk
from tests.issuance.conftest import approve_by
from tests.issuance.hosts import on, take_it
from tests.issuance.orders import new_key, server_order
from tests.tables import rewrite

CA = "sote-ec-1"

type OnHost = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def host(cas: dict[str, IssuingCA], settings: Settings, tmp_path: Path) -> OnHost:
    return partial(_on, settings, tmp_path)


def _on(settings: Settings, data: Path, name: str) -> AbstractContextManager[None]:
    return on(settings, name, data)


@pytest.fixture
def second_place(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "second"
    folder.mkdir()
    settings.JOURNAL_COPY = str(folder)
    return folder


@pytest.fixture
def make(pharmacy: Organisation, riitta: Person, now: datetime) -> Callable[[], Any]:
    """Prepare and approve one more certificate."""

    def make() -> PreparedCertificate:
        prepared = services.prepare(server_order(pharmacy), now=now)
        approve_by(riitta, prepared, now)
        return prepared

    return make


def issue(prepared: PreparedCertificate, now: datetime) -> Certificate:
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return issued


def stop_while_signing(prepared: PreparedCertificate, now: datetime) -> None:
    """Leave the attempt marked as being signed, without a signature."""
    calls: list[IssuingCA] = []

    def gone(ca: IssuingCA) -> None:
        calls.append(ca)
        if len(calls) > 1:
            raise SignerUnavailable("pulled out")

    with pytest.raises(SignerUnavailable):
        services.issue(prepared.reference, now=now, load_signer=gone)  # type: ignore[arg-type]


class Died(Exception):
    pass


def forget_storing(prepared: PreparedCertificate, now: datetime) -> None:
    """Sign and journal the certificate, and die before it is stored."""

    stop_while_signing(prepared, now)
    with suppress(Died), transaction.atomic():
        issue(prepared, now)
        raise Died


def test_the_first_to_sign_has_the_lease_and_another_refuses_and_says_why(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime
) -> None:
    first, second = make(), make()
    with host("tuike1"):
        assert issue(first, now).term == 1
    with host("tuike2"), pytest.raises(lease.SignerElsewhere, match="tuike1 has the lease"):
        services.issue(second.reference, now=now)
    second.refresh_from_db()
    assert second.state == PreparedCertificate.State.PREPARED
    with host("tuike1"):
        issue(second, now)
    assert SigningLease.objects.get().host == "tuike1"


def test_lists_responders_and_responses_are_the_holders_too(
    host: OnHost,
    cas: dict[str, IssuingCA],
    make: Callable[[], PreparedCertificate],
    now: datetime,
) -> None:
    with host("tuike1"):
        certificate = issue(make(), now)
        number = services.publish_crl(cas[CA], now=now).number
    question = asking(certificate, cas[CA])
    with host("tuike2"):
        with pytest.raises(lease.SignerElsewhere):
            services.publish_crl(cas[CA], now=now)
        with pytest.raises(lease.SignerElsewhere):
            services.publish_response_with(certificate.pk, now=now)
        with pytest.raises(lease.SignerElsewhere):
            services.answer(CA, question, now=now)
    cas[CA].refresh_from_db()
    assert cas[CA].crl_number == number


def test_a_restart_and_a_new_container_with_the_same_volume_go_on(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime, tmp_path: Path
) -> None:
    with host("a1b2c3"):
        issue(make(), now)
    (tmp_path / "a1b2c3").rename(tmp_path / "d4e5f6")
    with host("d4e5f6"):
        assert issue(make(), now).term == 1


def test_a_copy_of_the_folder_is_another_journal(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime, tmp_path: Path
) -> None:
    with host("tuike1"):
        issue(make(), now)
    shutil.copytree(tmp_path / "tuike1", tmp_path / "tuike2")
    with host("tuike2"), pytest.raises(lease.SignerElsewhere):
        issue(make(), now)


def test_a_copy_whose_inode_has_the_same_number_is_another_journal(
    host: OnHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with host("tuike1"), monkeypatch.context() as patch:
        patch.setattr(fcntl, "ioctl", lambda *_: b"first")
        own = journal.identity()
        patch.setattr(fcntl, "ioctl", _read_only)
        assert journal.identity() == own
        patch.setattr(fcntl, "ioctl", lambda *_: b"other")
        assert journal.identity() != own


def test_an_id_of_an_earlier_version_has_the_number_of_its_inode_alone(host: OnHost) -> None:
    with host("tuike1"):
        journal.identity()
        file = files.path("").parent / ".identity"
        file.write_text(f"known {file.stat().st_ino}")
        assert journal.identity() == "known"
        file.write_text("")
        assert journal.identity() not in {"", "known"}


def test_an_installation_without_a_lease_takes_it_only_with_its_own_journal(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
    SigningLease.objects.all().delete()
    with host("tuike2"), pytest.raises(journal.JournalUnavailable):
        issue(make(), now)
    with host("tuike1"):
        assert issue(make(), now).term == 2


def test_a_gap_of_a_retired_ca_stops_nothing_and_one_that_matters_is_named(
    host: OnHost,
    cas: dict[str, IssuingCA],
    make: Callable[[], PreparedCertificate],
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
) -> None:
    newest = services.prepare(server_order(pharmacy, new_key("RSA-3072")), now=now)
    approve_by(riitta, newest, now)
    with host("tuike1"):
        issue(make(), now)
        other = journal.path(issue(newest, now).issuing_ca.stem)
        journal.path(CA).unlink()
        SigningLease.objects.all().delete()
        assert "journal" in self_checks.failing("ca")
        with pytest.raises(journal.JournalUnavailable, match=CA):
            services.publish_crl(cas[CA], now=now)
        IssuingCA.objects.update(state=IssuingCA.State.RETIRED)
        aside = other.rename(other.parent.parent / "aside")
        assert "journal" in self_checks.failing("ca")
        aside.rename(other)
        assert "journal" not in self_checks.failing("ca")
        assert services.publish_crl(cas[CA], now=now)
        assert lease.require() == 2


def test_the_database_stores_no_certificate_of_a_term_that_is_over(
    certificate: Certificate,
) -> None:
    SigningLease.objects.update(term=7)
    certificate.pk = None
    with pytest.raises(IntegrityError, match="term 1 is over"), transaction.atomic():
        certificate.save(force_insert=True)


def test_what_was_signed_and_not_stored_comes_from_the_second_place(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
) -> None:
    signed, open_ = make(), make()
    with host("tuike1"):
        stored = issue(make(), now)
        forget_storing(signed, now)
        stop_while_signing(open_, now)
    shutil.rmtree(files.path("").parent, ignore_errors=True)
    with host("tuike2"):
        out = StringIO()
        call_command("take_over_signing", "--no-input", stdout=out)
        assert "The lease is with tuike1" in out.getvalue()
        assert Certificate.objects.filter(reference=signed.reference).exists()
        issue(open_, now)
        assert {each.serial for each in journal.entries(CA)} == {
            stored.serial,
            signed.serial,
            open_.serial,
        }
        assert list(journal.faults(CA)) == []
        assert repository.served_crl(CA) is not None
    with host("tuike1"), pytest.raises(lease.SignerElsewhere, match="tuike2 has the lease"):
        issue(make(), now)
    assert models.Event.objects.filter(action="issuance.signing_taken_over").count() == 1
    assert not RevokedSerial.objects.exists()


def test_the_lease_goes_back_and_late_lines_of_the_dead_do_not_count(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    tmp_path: Path,
) -> None:
    late = make()
    with host("tuike1"):
        issue(make(), now)
    with host("tuike2"):
        take_it(Source.COPY, now=now)
    with host("tuike1"):  # it was standing still, and appends the signature it had made
        entry = journal.Entry(str(late.reference), late.attempt, late.serial, b"late", {})
        journal.append(CA, [entry])
    with host("tuike2"):
        issue(late, now)
    with host("tuike1"):
        take_it(Source.COPY, now=now)
        assert b"late" not in {each.der for each in journal.entries(CA)}
        assert services.reconcile(mend=False, now=now) == []
        assert issue(make(), now).term == 3
    assert list((tmp_path / "tuike1" / "journal").glob("superseded-*/*.journal"))


def test_without_a_second_place_it_must_be_said_that_the_journal_is_lost(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
    with host("tuike2"):
        with pytest.raises(CannotTakeOver, match="JOURNAL_COPY is not set"):
            plan(Source.COPY)
        with pytest.raises(CannotTakeOver, match="lacks 1 certificates"):
            plan(Source.HERE)
    with host("tuike1"), pytest.raises(CannotTakeOver, match="already"):
        plan(Source.LOST)


def test_a_lost_journal_takes_the_open_attempts_with_it(
    host: OnHost,
    cas: dict[str, IssuingCA],
    make: Callable[[], PreparedCertificate],
    pharmacy: Organisation,
    now: datetime,
) -> None:
    lost, signed = make(), make()
    with host("tuike1"):
        stored = issue(make(), now)
        stop_while_signing(lost, now)
        forget_storing(signed, now)
    with host("tuike2"):
        out = StringIO()
        call_command("take_over_signing", "--journal-lost", "--no-input", stdout=out)
        served = x509.load_der_x509_crl(repository.crl_path(CA).read_bytes())
        for each in (lost, signed):
            assert f"given up: {each.reference}, {each.serial}" in out.getvalue()
            number = int(each.serial, 16)
            assert served.get_revoked_certificate_by_serial_number(number)
            assert standing.of_serial(cas[CA], number).standing == Standing.REVOKED
            assert services.issue(each.reference, now=now) is None
        assert [each.serial for each in journal.entries(CA)] == [stored.serial]
        assert services.reconcile(mend=False, now=now) == []
        services.publish_crl(cas[CA], now=now + timedelta(hours=1))
        assert repository.served_crl(CA).entries.count(bytes.fromhex(lost.serial)) == 1
    lost.refresh_from_db()
    assert (lost.state, lost.void_reason) == ("void", "journal_lost")
    refused = models.OutboxItem.objects.filter(topic="certificate.refused")
    assert {"reference": str(lost.reference), "reason": "journal_lost"} in [
        item.payload for item in refused
    ]


def test_a_serial_that_was_given_up_leaves_the_list_when_its_time_is_over(
    host: OnHost,
    cas: dict[str, IssuingCA],
    make: Callable[[], PreparedCertificate],
    now: datetime,
) -> None:
    with host("tuike1"):
        stop_while_signing(make(), now)
    with host("tuike2"):
        take_it(Source.LOST, now=now)
        services.publish_crl(cas[CA], now=now)
        ended = RevokedSerial.objects.get().not_after
        services.publish_crl(cas[CA], now=ended + timedelta(hours=1))
        services.publish_crl(cas[CA], now=ended + timedelta(hours=2))
        assert repository.served_crl(CA).entries == b""


def test_a_copy_that_is_behind_or_damaged_is_refused_unless_told(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
) -> None:
    with host("tuike1"):
        issued = [issue(make(), now) for _ in range(3)]
    (copy,) = second_place.glob(f"*/{CA}.journal")
    whole = copy.read_bytes()
    lines = whole.splitlines(keepends=True)
    with host("tuike2"):
        copy.write_bytes(b"".join(lines[:2]))
        with pytest.raises(CannotTakeOver, match="lacks 1 certificates"):
            plan(Source.COPY)
        copy.write_bytes(lines[0] + lines[2])
        with pytest.raises(CannotTakeOver, match=f"{CA}.journal:2"):
            plan(Source.COPY)
        take_it(Source.LOST, now=now)
        assert {each.serial for each in journal.entries(CA)} == {each.serial for each in issued}
        assert list(journal.faults(CA)) == []


def test_lines_after_a_fault_of_a_journal_brought_here_do_not_count(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    now: datetime,
    tmp_path: Path,
) -> None:
    lost = make()
    with host("tuike1"):
        issued = [issue(make(), now) for _ in range(2)]
        forget_storing(lost, now)
        lines = journal.path(CA).read_bytes().splitlines(keepends=True)
    with host("tuike2"):
        shutil.copytree(tmp_path / "tuike1" / "journal", tmp_path / "tuike2" / "journal")
        journal.path(CA).write_bytes(lines[0] + lines[1].replace(b"e", b"f") + lines[2])
        with pytest.raises(CannotTakeOver, match=f"{CA}.journal:2"):
            plan(Source.HERE)
        assert take_it(Source.LOST, now=now) == [lost]
        assert services.issue(lost.reference, now=now) is None
        assert [each.serial for each in journal.entries(CA)] == [each.serial for each in issued]
        assert list(journal.faults(CA)) == []
        assert services.reconcile(mend=False, now=now) == []
        assert list((tmp_path / "tuike2" / "journal").glob("superseded-*/*.journal"))


def test_nothing_is_done_unless_the_name_of_the_dead_is_typed(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with host("tuike1"):
        issue(make(), now)
    monkeypatch.setattr("builtins.input", lambda _: "tuike2")
    with host("tuike2"), pytest.raises(CommandError, match="Nothing was done"):
        call_command("take_over_signing", stdout=StringIO())
    with host("tuike1"):
        issue(make(), now)
    monkeypatch.setattr("builtins.input", lambda _: "tuike1")
    with host("tuike2"):
        call_command("take_over_signing", stdout=StringIO())
        assert issue(make(), now).term == 2


def asking(certificate: Certificate, ca: IssuingCA) -> bytes:
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(certificate.certificate, ca.certificate, hashes.SHA256())
    return builder.build().public_bytes(Encoding.DER)


def copied(second_place: Path) -> bytes:
    (copy,) = second_place.glob(f"*/{CA}.journal")
    return copy.read_bytes()


def test_each_line_is_in_the_second_place_also_of_files_moved_aside(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    settings: Settings,
    second_place: Path,
    now: datetime,
) -> None:
    with host("tuike1"):
        settings.JOURNAL_COPY = ""
        issue(make(), now)
        settings.JOURNAL_COPY = str(second_place)
        issue(make(), now)
        moved = journal.path(CA).rename(journal.path(CA).with_name(f"{CA}.journal.2026"))
        issue(make(), now)
        assert copied(second_place) == moved.read_bytes() + journal.path(CA).read_bytes()


@pytest.mark.parametrize("fault", ["full", "missing", "no folder of its own", "read-only"])
def test_nothing_is_signed_while_the_second_place_is_away_and_health_names_it(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    fault: str,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        with _away(second_place, fault):
            with pytest.raises(journal.CopyUnavailable):
                services.issue(prepared.reference, now=now)
            assert "journal-copy" in self_checks.failing("ca")
            prepared.refresh_from_db()
            assert prepared.state == PreparedCertificate.State.PREPARED
        assert "journal-copy" not in self_checks.failing("ca")
        issue(prepared, now)
        assert copied(second_place) == journal.path(CA).read_bytes()


class _away:
    """The second place is full, gone, empty (not mounted), or can only be read."""

    def __init__(self, folder: Path, fault: str) -> None:
        self.folder, self.fault = folder, fault
        self.aside = folder.with_name("aside")
        self.patch = pytest.MonkeyPatch()
        (self.own,) = folder.iterdir()
        self.disk = full_disk(self.own)

    def __enter__(self) -> None:
        if self.fault == "full":
            self.disk.__enter__()
        if self.fault in {"missing", "no folder of its own"}:
            self.folder.rename(self.aside)
        if self.fault == "no folder of its own":
            self.folder.mkdir()
        if self.fault == "read-only":
            self.patch.setattr(copies, "open_or_make", _read_only)

    def __exit__(self, *_: object) -> None:
        if self.fault == "full":
            self.disk.__exit__(None, None, None)
        if self.fault == "no folder of its own":
            self.folder.rmdir()
        if self.fault in {"missing", "no folder of its own"}:
            self.aside.rename(self.folder)
        self.patch.undo()


def _read_only(path: Path | int, *_: object) -> int:
    raise OSError(30, "Read-only file system", str(path))


def test_a_second_place_that_fails_after_the_signature_keeps_the_certificate_back(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        with monkeypatch.context() as patch:
            patch.setattr(copies.os, "pwrite", _read_only)
            with pytest.raises(journal.CopyUnavailable):
                services.issue(prepared.reference, now=now)
        assert len(list(journal.entries(CA))) == 2
        assert Certificate.objects.count() == 1
        issue(prepared, now)
        assert copied(second_place) == journal.path(CA).read_bytes()
        assert len(list(journal.entries(CA))) == 2


@pytest.fixture
def answers() -> Iterator[Event]:
    """Until it is set the second place hangs; afterwards nothing does."""
    made = Event()
    yield made
    made.set()
    for thread in list(copies._hanging):
        Thread.join(thread)
    copies._hanging.clear()


def test_a_second_place_that_hangs_holds_nobody_for_ever(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    answers: Event,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        with monkeypatch.context() as patch:
            patch.setattr(copies, "LIMIT", 0.01)
            patch.setattr(copies, "_ensure_room", lambda _: answers.wait())
            with pytest.raises(journal.CopyUnavailable, match="does not answer"):
                journal.ensure_copied(CA)
            with pytest.raises(journal.CopyUnavailable, match="hangs"):
                services.issue(prepared.reference, now=now)
        answers.set()
        for thread in list(copies._hanging):
            Thread.join(thread)
        issue(prepared, now)


@pytest.mark.parametrize("is_other_process", [False, True])
def test_what_could_not_be_forced_to_the_second_place_is_forced_before_a_certificate_leaves(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    is_other_process: bool,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        forced = _Forced(second_place, fails=True)
        monkeypatch.setattr(copies.os, "fsync", forced)
        with pytest.raises(journal.CopyUnavailable):
            services.issue(prepared.reference, now=now)
        assert copied(second_place) == journal.path(CA).read_bytes()
        with pytest.raises(journal.CopyUnavailable):
            services.issue(prepared.reference, now=now)
        assert Certificate.objects.count() == 1
        if is_other_process:
            copies._durable.clear()
            copies._entered.clear()
        forced.fails = False
        issue(prepared, now)
        assert forced.names == {f"{CA}.journal"} | ({"folder"} if is_other_process else set())


class _Forced:
    """``os.fsync`` that notes what of the second place was forced to disk, or fails there."""

    def __init__(self, folder: Path, *, fails: bool) -> None:
        self.folder, self.fails, self.names = folder, fails, set[str]()
        self.fsync = os.fsync

    def __call__(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if self.folder in path.parents:
            if self.fails:
                raise OSError(5, "Input/output error", str(path))
            self.names.add("folder" if path.is_dir() else path.name)
        self.fsync(descriptor)


def test_bytes_whose_writing_failed_are_written_again(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        with monkeypatch.context() as patch:
            patch.setattr(copies.os, "fsync", _Forced(second_place, fails=True))
            with pytest.raises(journal.CopyUnavailable):
                services.issue(prepared.reference, now=now)
        (copy,) = second_place.glob(f"*/{CA}.journal")
        known = len(copy.read_bytes().splitlines(keepends=True)[0])
        written = list[int]()
        pwrite = os.pwrite

        def noting(descriptor: int, block: bytes, offset: int) -> int:
            written.append(offset)
            return pwrite(descriptor, block, offset)

        monkeypatch.setattr(copies.os, "pwrite", noting)
        issue(prepared, now)
        assert written == [known]


def test_a_take_over_copies_a_journal_however_long_it_takes(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        before = copied(second_place)
    with host("tuike2"), monkeypatch.context() as patch:
        patch.setattr(copies, "within_limit", _hangs)
        take_it(Source.COPY, now=now)
        own = second_place / journal.identity() / f"{CA}.journal"
        assert own.read_bytes() == before


def _hangs(_work: object) -> None:
    raise journal.CopyUnavailable("it does not answer within 10 s")


def test_a_disk_of_the_journal_that_fails_is_tried_again_and_named(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        with monkeypatch.context() as patch:
            patch.setattr(files, "open_or_make", _read_only)
            with pytest.raises(journal.JournalUnavailable, match="Read-only"):
                journal.ensure_copied(CA)
            assert "journal-copy" in self_checks.failing("ca")


def test_a_new_and_empty_second_place_is_refused_with_what_to_do(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    settings: Settings,
    now: datetime,
    tmp_path: Path,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        settings.JOURNAL_COPY = str(tmp_path / "new")
        (tmp_path / "new").mkdir()
        with pytest.raises(journal.CopyUnavailable, match=r"a new place, .* make it anew, empty"):
            issue(make(), now)
        (tmp_path / "new" / journal.identity()).mkdir()
        issue(make(), now)
        assert copied(tmp_path / "new") == journal.path(CA).read_bytes()


def test_a_take_over_without_a_lease_begins_a_term_after_the_last(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
        SigningLease.objects.update(term=4)
        issue(make(), now)
    SigningLease.objects.all().delete()
    with host("tuike2"):
        take_it(Source.LOST, now=now)
        assert issue(make(), now).term == 5


def test_a_journal_behind_its_copy_signs_nothing(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        before = journal.path(CA).read_bytes()
        issue(make(), now)
        journal.path(CA).write_bytes(before)
        with pytest.raises(journal.CopyUnavailable, match="ahead of the journal"):
            issue(make(), now)


def test_a_second_signer_waits_and_health_names_it(
    host: OnHost, make: Callable[[], PreparedCertificate], second_place: Path, now: datetime
) -> None:
    with host("tuike1"):
        one_signer.wait_for_lease(_never)
        issue(make(), now)
        one_signer.wait_for_lease(_never)
        assert one_signer.may_sign()
        assert not sounds(one_signer.SECOND)
    with host("tuike2"):
        assert not one_signer.may_sign()
        assert sounds(one_signer.SECOND)
        one_signer.wait_for_lease(lambda _: take_it(Source.COPY, now=now))
        assert one_signer.may_sign()


def _never(_seconds: float) -> None:
    raise AssertionError("nobody else has the lease")


def test_health_names_a_holder_that_is_silent(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime
) -> None:
    assert health.signer()
    with host("tuike1"):
        issue(make(), now)
        assert health.signer()
        SigningLease.objects.update(seen_at=now - timedelta(days=1))
        assert not health.signer()
        assert one_signer.may_sign()
        assert health.signer()


def test_what_is_left_of_an_unfinished_take_over_signs_nothing(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
        SigningLease.objects.update(journal="", host="tuike2")
        with pytest.raises(lease.SignerElsewhere, match="not finished"):
            issue(make(), now)


def test_rows_of_an_earlier_version_have_no_term(certificate: Certificate) -> None:
    rewrite(Certificate.objects, term=0)
    services.revoke(certificate.pk, "superseded", actor=system("test"), now=certificate.issued_at)
    certificate.refresh_from_db()
    assert (certificate.term, certificate.state) == (0, "revoked")
