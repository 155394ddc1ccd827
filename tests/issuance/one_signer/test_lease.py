"""One journal signs, and another machine refuses."""

import fcntl
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from structlog.testing import capture_logs

from accounts.models import Organisation, Person
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.standing_faults import Standing
from certportal.operations import health, one_signer, self_checks
from issuance import journal, services
from issuance.journal import files
from issuance.models import (
    Certificate,
    IssuingCA,
    PreparedCertificate,
    SigningLease,
)
from issuance.services import lease
from issuance.services.recovery.take_over import Source
from tests.alarms import sounds
from tests.issuance.conftest import approve_by
from tests.issuance.hosts import take_it
from tests.issuance.one_signer.steps import (
    CA,
    OnHost,
    asking,
    issue,
    read_only,
)
from tests.issuance.orders import new_key, server_order
from tests.tables import rewrite


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
        patch.setattr(fcntl, "ioctl", read_only)
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


def test_a_second_signer_waits_and_health_names_it(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    monkeypatch: pytest.MonkeyPatch,
    now: datetime,
) -> None:
    monkeypatch.setattr(one_signer, "_without_lease", Standing())
    with host("tuike1"):
        one_signer.wait_for_lease(_never)
        issue(make(), now)
        one_signer.wait_for_lease(_never)
        assert one_signer.may_sign()
        assert not sounds(one_signer.SECOND)
    with host("tuike2"):
        with capture_logs() as lines:
            assert not one_signer.may_sign()
            later = now + timedelta(seconds=10)
            SigningLease.objects.update(seen_at=later)  # the holder's next sign of life
            assert not one_signer.may_sign()
        assert [line["event"] for line in lines] == ["signs_nothing"]
        assert sounds(one_signer.SECOND)
        one_signer.wait_for_lease(lambda _: take_it(Source.COPY, now=now))
        assert one_signer.may_sign()


def _never(_seconds: float) -> None:
    raise AssertionError("nobody else has the lease")


def test_health_names_a_holder_that_is_silent(
    host: OnHost, make: Callable[[], PreparedCertificate], now: datetime
) -> None:
    assert health.CHECKS["signer-silent"]()
    with host("tuike1"):
        issue(make(), now)
        assert health.CHECKS["signer-silent"]()
        for seen_at in (now - timedelta(days=1), clock.now() + timedelta(days=1)):
            SigningLease.objects.update(seen_at=seen_at)
            assert not health.CHECKS["signer-silent"]()
            assert one_signer.may_sign()
            assert health.CHECKS["signer-silent"]()


def test_rows_of_an_earlier_version_have_no_term(certificate: Certificate) -> None:
    rewrite(Certificate.objects, term=0)
    services.revoke(certificate.pk, "superseded", actor=system("test"), now=certificate.issued_at)
    certificate.refresh_from_db()
    assert (certificate.term, certificate.state) == (0, "revoked")
