"""A new generation issues; the old one keeps its certificates' status until the last has ended."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import Organisation, Person
from certportal.dev.builders import memory
from certportal.dev.builders.hierarchy import Place, add_ca
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem
from issuance import journal, services, signers
from issuance.certificate.order import CertificateOrder
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.publication import repository
from issuance.services.ceremony.generations import NotPossible, retire, start_generation
from issuance.services.signer import signer_for
from issuance.signers import Signer, SignerUnavailable
from tests.issuance.conftest import NOW, approve_by
from tests.issuance.orders import server_order
from tests.tables import rewrite

AT = NOW + timedelta(minutes=1)


@dataclass
class Generations:
    old: Certificate
    new: Certificate


@pytest.fixture
def generations(
    certificate: Certificate, pharmacy: Organisation, riitta: Person, now: datetime
) -> Generations:
    add_ca(Place("production", "ec", 2))
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return Generations(certificate, issued)


def chain_file(generation: Certificate, folder: Path) -> list[str]:
    """The arguments of openssl that verify a certificate with what is published of its CA."""
    root, middle, own = folder / "root.pem", folder / "middle.pem", folder / "own.pem"
    root.write_bytes(repository.chain_path("root-ec-1").read_bytes())
    stem = generation.issuing_ca.stem
    lists = folder / "lists.pem"
    crl = x509.load_der_x509_crl(repository.crl_path(stem).read_bytes())
    lists.write_bytes(crl.public_bytes(Encoding.PEM))
    middle.write_bytes(repository.chain_path(stem).read_bytes())
    own.write_bytes(generation.certificate.public_bytes(Encoding.PEM))
    given = ["-CAfile", str(root), "-untrusted", str(middle), "-CRLfile", str(lists)]
    return [*given, "-crl_check", "-attime", str(int(AT.timestamp())), str(own)]


def openssl_verify(certificate: Certificate, folder: Path) -> str:
    command = ["openssl", "verify", *chain_file(certificate, folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def addresses(certificate: Certificate) -> set[str]:
    """Every address by which the certificate tells where its CA publishes."""
    extensions = certificate.certificate.extensions
    points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    names = [name for point in points for name in point.full_name or ()]
    return {name.value for name in [*names, *(each.access_location for each in access)]}


def key_identifier(certificate: Certificate) -> bytes | None:
    extensions = certificate.certificate.extensions
    return extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


def listed(stem: str) -> set[int]:
    crl = x509.load_der_x509_crl(repository.crl_path(stem).read_bytes())
    return {entry.serial_number for entry in crl}


def test_the_new_generation_issues(generations: Generations) -> None:
    assert generations.old.issuing_ca.stem == "sote-ec-1"
    assert generations.new.issuing_ca.stem == "sote-ec-2"
    generations.new.certificate.verify_directly_issued_by(generations.new.issuing_ca.certificate)


def test_both_verify_against_what_is_published(
    generations: Generations, tmp_path: Path, now: datetime
) -> None:
    services.publish_crls(now=now)
    for certificate in (generations.old, generations.new):
        assert ": OK" in openssl_verify(certificate, tmp_path)


def test_a_revoked_one_of_either_generation_no_longer_verifies(
    generations: Generations, tmp_path: Path, now: datetime
) -> None:
    for certificate in (generations.old, generations.new):
        services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
        services.publish_crls(now=now)
        assert "certificate revoked" in openssl_verify(certificate, tmp_path)


def test_each_points_to_its_own_ca(generations: Generations) -> None:
    assert addresses(generations.old) == {
        "http://localhost:8000/crl/sote-ec-1.crl",
        "http://localhost:8000/ca/sote-ec-1.crt",
        "http://localhost:8000/ocsp/sote-ec-1",
    }
    assert addresses(generations.new) == {
        address.replace("-ec-1", "-ec-2") for address in addresses(generations.old)
    }
    assert key_identifier(generations.old) != key_identifier(generations.new)


def test_one_on_standby_is_published_and_does_not_issue(
    certificate: Certificate, pharmacy: Organisation, now: datetime
) -> None:
    add_ca(Place("production", "ec", 2), state=IssuingCA.State.STANDBY)
    before = repository.crl_number("sote-ec-2")
    services.publish_crls(now=now)
    assert repository.crl_number("sote-ec-2") > before
    prepared = services.prepare(server_order(pharmacy), now=now)
    assert prepared.issuing_ca is not None and prepared.issuing_ca.stem == "sote-ec-1"
    start_generation("sote-ec-2", actor=system("test"), now=now)
    prepared = services.prepare(server_order(pharmacy), now=now)
    assert prepared.issuing_ca is not None and prepared.issuing_ca.stem == "sote-ec-2"


def test_one_whose_key_is_not_at_hand_is_not_started(
    cas: dict[str, IssuingCA], now: datetime
) -> None:
    add_ca(Place("production", "ec", 2), state=IssuingCA.State.STANDBY)
    signers.forget()
    memory.drop("sote-ec-2")
    with pytest.raises(SignerUnavailable):
        start_generation("sote-ec-2", actor=system("test"), now=now)
    assert IssuingCA.objects.get(stem="sote-ec-1").state == "active"


@pytest.mark.parametrize("state", ["standby", "retired", "revoked"])
def test_the_database_lets_none_but_the_active_one_sign(
    prepared: PreparedCertificate, state: str
) -> None:
    rewrite(IssuingCA.objects.filter(branch="ec"), state=state)
    prepared.state = PreparedCertificate.State.SIGNING
    with pytest.raises(IntegrityError), transaction.atomic():
        prepared.save(update_fields=["state"])


def test_the_database_has_one_active_of_each_kind(cas: dict[str, IssuingCA]) -> None:
    add_ca(Place("production", "ec", 2), state=IssuingCA.State.STANDBY)
    with pytest.raises(IntegrityError), transaction.atomic():
        IssuingCA.objects.filter(stem="sote-ec-2").update(state="active")


def test_a_retired_one_never_comes_back_when_published_anew(cas: dict[str, IssuingCA]) -> None:
    """As at a second start of a demonstration whose first generation has retired."""
    add_ca(Place("production", "ec", 2))
    add_ca(Place("production", "ec", 1))
    states = dict(IssuingCA.objects.filter(branch="ec").values_list("stem", "state"))
    assert (states["sote-ec-1"], states["sote-ec-2"]) == ("retired", "active")


def test_retired_without_a_successor_nothing_is_prepared(
    cas: dict[str, IssuingCA], pharmacy: Organisation, now: datetime
) -> None:
    retire("sote-ec-1", leave_branch=True, actor=system("test"), now=now)
    assert services.prepare(server_order(pharmacy), now=now).state == "refused"
    with pytest.raises(NotPossible):
        retire("sote-ec-1", leave_branch=True, actor=system("test"), now=now)
    with pytest.raises(NotPossible):
        retire("sote-ec-9", leave_branch=True, actor=system("test"), now=now)


@pytest.mark.usefixtures("cas")
def test_a_branch_is_left_without_a_ca_only_knowingly(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="is the only CA of the branch production ec"):
        call_command("retire_ca", "sote-ec-1", "--no-input")
    monkeypatch.setattr("builtins.input", lambda _question: "sote-rsa-1")
    with pytest.raises(CommandError, match="Nothing was done"):
        call_command("retire_ca", "sote-ec-1", "--leave-branch")
    assert IssuingCA.objects.get(stem="sote-ec-1").state == "active"
    monkeypatch.setattr("builtins.input", lambda _question: "sote-ec-1")
    call_command("retire_ca", "sote-ec-1", "--leave-branch")
    assert IssuingCA.objects.get(stem="sote-ec-1").state == "retired"


def test_each_generation_lists_its_own(generations: Generations, now: datetime) -> None:
    for certificate in (generations.old, generations.new):
        services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
    services.publish_crls(now=now)
    assert listed("sote-ec-1") == {int(generations.old.serial, 16)}
    assert listed("sote-ec-2") == {int(generations.new.serial, 16)}


def test_the_old_one_publishes_until_a_list_is_dated_after_its_last_certificate(
    generations: Generations, now: datetime
) -> None:
    """RFC 5280 section 3.3; a list is dated five minutes back."""
    services.publish_crls(now=now)
    for minutes, published in ((0, True), (60, True), (61, False)):
        before = repository.crl_number("sote-ec-1")
        services.publish_crls(now=generations.old.not_after + timedelta(minutes=minutes))
        assert (repository.crl_number("sote-ec-1") > before) == published, minutes


def test_what_was_approved_for_the_old_one_is_not_issued_by_it(
    certificate: Certificate, pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    add_ca(Place("production", "ec", 2))
    assert services.issue(prepared.reference, now=now) is None
    prepared.refresh_from_db()
    assert prepared.void_reason == "ca_not_active"


def pulled_out(ca: IssuingCA) -> Signer:
    raise SignerUnavailable(ca.stem)


def lost_after_the_mark() -> Callable[[IssuingCA], Signer]:
    """Loads a signer that is there when the attempt is marked and gone when it is to sign."""
    loads = iter([signer_for, pulled_out])
    return lambda ca: next(loads)(ca)


@pytest.mark.parametrize("state", ["retired", "revoked"])
def test_what_a_ca_out_of_use_had_not_signed_goes_back(
    approved: PreparedCertificate,
    riitta: Person,
    order: CertificateOrder,
    now: datetime,
    state: str,
) -> None:
    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now, load_signer=lost_after_the_mark())
    IssuingCA.objects.filter(stem="sote-ec-1").update(state=state)
    assert services.issue(approved.reference, now=now) is None
    approved.refresh_from_db()
    assert (approved.state, approved.void_reason) == ("void", "ca_not_active")
    assert OutboxItem.objects.filter(topic="certificate.refused").count() == 1
    assert list(journal.entries("sote-ec-1")) == []
    add_ca(Place("production", "ec", 2))
    approve_by(riitta, services.prepare(order, now=now), now)
    issued = services.issue(order.reference, now=now)
    assert issued is not None and issued.issuing_ca.stem == "sote-ec-2"
    assert services.reconcile(mend=False, now=now) == []


def test_what_it_had_not_begun_goes_back_though_its_token_is_lost(
    approved: PreparedCertificate, now: datetime
) -> None:
    retire("sote-ec-1", leave_branch=True, actor=system("test"), now=now)
    assert services.issue(approved.reference, now=now, load_signer=pulled_out) is None
    approved.refresh_from_db()
    assert (approved.state, approved.void_reason) == ("void", "ca_not_active")


def test_what_it_had_signed_before_is_kept(
    approved: PreparedCertificate, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("issuance.services.issuing.sign_attempts.store_within", die)
        with pytest.raises(KeyboardInterrupt):
            services.issue(approved.reference, now=now)
    retire("sote-ec-1", leave_branch=True, actor=system("test"), now=now)
    issued = services.issue(approved.reference, now=now, load_signer=pulled_out)
    assert issued is not None
    assert [entry.der for entry in journal.entries("sote-ec-1")] == [bytes(issued.der)]


def test_nothing_is_given_up_while_the_journal_is_not_there(
    certificate: Certificate, pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    with pytest.raises(SignerUnavailable):
        services.issue(prepared.reference, now=now, load_signer=lost_after_the_mark())
    retire("sote-ec-1", leave_branch=True, actor=system("test"), now=now)
    file = journal.path("sote-ec-1")
    away = file.rename(file.parent.parent / "unmounted")
    with pytest.raises(journal.JournalUnavailable):
        services.issue(prepared.reference, now=now)
    prepared.refresh_from_db()
    assert prepared.state == "signing"
    away.rename(file)
    assert services.issue(prepared.reference, now=now) is None


def die(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_a_ca_in_use_is_signing_is_not_given_up(
    approved: PreparedCertificate, now: datetime
) -> None:
    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now, load_signer=lost_after_the_mark())
    approved.refresh_from_db()
    approved.state, approved.void_reason = PreparedCertificate.State.VOID, "expired"
    with pytest.raises(IntegrityError), transaction.atomic():
        approved.save(update_fields=["state", "void_reason"])


@pytest.mark.parametrize("state", ["retired", "revoked"])
def test_a_ca_out_of_use_prepares_nothing(
    cas: dict[str, IssuingCA], pharmacy: Organisation, now: datetime, state: str
) -> None:
    IssuingCA.objects.filter(branch="ec").update(state=state)
    refused = services.prepare(server_order(pharmacy), now=now)
    assert refused.state == "refused"
