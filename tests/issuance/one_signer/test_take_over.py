"""Another machine takes over only by command."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command

from accounts.models import Organisation
from certportal.foundation import models
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
from tests.issuance.hosts import take_it
from tests.issuance.one_signer.steps import (
    CA,
    OnHost,
    copied,
    forget_storing,
    issue,
    stop_while_signing,
)


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
        with pytest.raises(CannotTakeOver, match="JOURNAL_COPY-asetusta ei ole"):
            plan(Source.COPY)
        with pytest.raises(CannotTakeOver, match="varmenteita: 1"):
            plan(Source.HERE)
    with host("tuike1"), pytest.raises(CannotTakeOver, match="jo tämän koneen"):
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
        assert bytes(repository.served_crl(CA).entries).count(bytes.fromhex(lost.serial)) == 1
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
        services.publish_crl(
            cas[CA], now=ended + timedelta(hours=2), reading=services.Reading.COMPARED
        )
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
        with pytest.raises(CannotTakeOver, match="varmenteita: 1"):
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


def test_what_is_left_of_an_unfinished_take_over_signs_nothing(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
        SigningLease.objects.update(journal="", host="tuike2")
        with pytest.raises(lease.SignerElsewhere, match="not finished"):
            issue(make(), now)
