import re
import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command
from django.db.models import F
from pytest_django import Settings

from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.certificate.lint_pkix import pkix_findings
from issuance.models import CeremonyRecord, IssuingCA
from issuance.publication import repository
from issuance.services import lease
from issuance.services.signer import signer_for
from issuance.signers.file import KeyFiles
from tests.tables import unkept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]


def create_ca(*arguments: str) -> str:
    out = StringIO()
    call_command("create_ca", *arguments, "--rsa-bits=2048", stdout=out)
    return out.getvalue()


def production_ec(generation: int = 1) -> str:
    return create_ca("--environment=production", "--branch=ec", f"--generation={generation}")


def test_the_demonstration_has_four_cas_under_four_roots(keys: KeyFiles) -> None:
    record = create_ca("--demo")
    assert record.count("SHA-256") == 10  # with the seal and its root
    assert sorted(IssuingCA.objects.values_list("stem", flat=True)) == [
        "sote-ec-1",
        "sote-rsa-1",
        "sote-test-ec-1",
        "sote-test-rsa-1",
    ]
    assert len({bytes(ca.root_der) for ca in IssuingCA.objects.all()}) == 4
    for ca in IssuingCA.objects.all():
        assert signer_for(ca).chain == (ca.certificate, ca.root)


def test_a_folder_that_was_copied_is_told_so_and_its_lists_stay_as_they_are(
    settings: Settings, tmp_path: Path
) -> None:
    create_ca("--demo")
    assert lease.require() == 1
    IssuingCA.objects.update(crl_next_update=F("created_at"))
    shutil.copytree(tmp_path, tmp_path / "copied")
    settings.PORTAL_DATA = tmp_path / "copied"
    before = {path: path.read_bytes() for path in (tmp_path / "copied" / "crl").glob("*.crl")}
    said = create_ca("--demo")
    assert said.startswith("Nothing is signed here: ") and "was copied" in said
    assert "take_over_signing --journal-here" in said
    assert before == {path: path.read_bytes() for path in before}
    call_command("take_over_signing", "--journal-here", "--no-input", stdout=StringIO())
    assert create_ca("--demo") == ""


def test_again_it_changes_nothing(keys: KeyFiles) -> None:
    create_ca("--demo")
    before = {path.name: path.read_bytes() for path in Path(keys._folder).iterdir()}
    assert create_ca("--demo") == ""
    assert {path.name: path.read_bytes() for path in Path(keys._folder).iterdir()} == before
    assert Event.objects.filter(action="issuance.ca_registered").count() == 4


def test_what_a_crash_left_out_is_made_up_for(keys: KeyFiles) -> None:
    create_ca("--demo")
    with unkept():
        IssuingCA.objects.filter(stem="sote-ec-1").delete()
    for path in (repository.chain_path("sote-rsa-1"), repository.bundle_path("sote-rsa-1")):
        path.unlink()
    create_ca("--demo")
    assert IssuingCA.objects.count() == 4
    assert repository.chain_path("sote-rsa-1").exists()


def test_after_a_restore_without_the_keys_it_says_which_are_missing(keys: KeyFiles) -> None:
    create_ca("--demo")
    path = keys.key_path("sote-ec-1")
    path.unlink()
    with pytest.raises(CommandError, match=f"its key is missing: put {re.escape(str(path))} back"):
        create_ca("--demo")
    assert not path.exists()


def test_a_ceremony_never_overwrites(keys: KeyFiles) -> None:
    production_ec()
    before = keys.key_path("sote-ec-1").read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        production_ec()
    assert keys.key_path("sote-ec-1").read_bytes() == before


@pytest.mark.parametrize("number", [0, -1, 100, 10**20])
def test_a_generation_without_a_number_in_use_is_not_made(keys: KeyFiles, number: int) -> None:
    with pytest.raises(CommandError, match="the numbers 1 to 99"):
        production_ec(number)
    assert not list(keys.folder.glob("*"))
    assert not IssuingCA.objects.exists()


def test_a_generation_never_takes_over_from_its_successor(keys: KeyFiles) -> None:
    production_ec(2)
    with pytest.raises(CommandError, match="give --generation 3"):
        production_ec(1)
    assert IssuingCA.objects.get().state == IssuingCA.State.ACTIVE
    assert not keys.key_path("sote-ec-1").exists()


def test_a_branch_that_began_with_a_later_generation_lacks_no_earlier_one(keys: KeyFiles) -> None:
    production_ec(2)
    assert create_ca("--demo").count("SHA-256") == 8
    assert create_ca("--demo") == ""
    assert not keys.key_path("sote-ec-1").exists()
    assert IssuingCA.objects.get(branch="ec", environment="production").generation == 2


def test_an_interrupted_ceremony_is_taken_up_and_recorded_whole(
    keys: KeyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("issuance.services.ceremony.create_ca.register", full_disk)
        with pytest.raises(CommandError, match="no space"):
            production_ec()
    before = {path.name: path.read_bytes() for path in keys.folder.glob("*.key")}
    a_minute_later(monkeypatch)
    record = production_ec()
    after = {path.name: path.read_bytes() for path in keys.folder.glob("*.key")}
    assert after.pop("event-log.key")  # made with the first CA
    assert after == before
    assert record.count("SHA-256") == 2
    ca = IssuingCA.objects.get()
    assert signer_for(ca).chain == (ca.certificate, ca.root)


@pytest.mark.parametrize("fails", ["write_new", "keep_record"])
def test_a_ceremony_whose_record_cannot_be_kept_is_not_over(
    keys: KeyFiles, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """Its record could never be made: the CA would exist already."""
    with monkeypatch.context() as patch:
        patch.setattr(f"issuance.management.ceremonies.{fails}", full_disk)
        with pytest.raises(CommandError, match="no space"):
            production_ec()
    assert not IssuingCA.objects.exists()
    a_minute_later(monkeypatch)
    assert production_ec().count("SHA-256") == 2
    assert CeremonyRecord.objects.count() == 1


def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are named by the second."""
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)


def full_disk(*_: object, **__: object) -> None:
    raise OSError("no space left")


def test_keys_of_another_root_are_not_taken_up(keys: KeyFiles) -> None:
    production_ec()
    with unkept():
        IssuingCA.objects.all().delete()
    keys.chain_path("root-ec-1").unlink()
    with pytest.raises(CommandError, match="exists already"):
        production_ec()
    assert not IssuingCA.objects.exists()
    assert not keys.chain_path("root-ec-1").exists()


def test_a_registered_ca_whose_key_is_gone_is_not_made_anew(keys: KeyFiles) -> None:
    create_ca("--demo")
    keys.key_path("sote-ec-1").unlink()
    with pytest.raises(CommandError, match="exists already"):
        create_ca("--demo")


def test_the_next_generation_takes_over_under_the_same_root(keys: KeyFiles) -> None:
    production_ec()
    production_ec(generation=2)
    old, new = IssuingCA.objects.order_by("generation")
    assert (old.state, new.state) == ("retired", "active")
    assert old.root == new.root
    assert old.certificate.subject != new.certificate.subject


def test_it_asks_what_to_make() -> None:
    with pytest.raises(CommandError):
        create_ca()


def test_ca_certificates_are_what_they_should_be(keys: KeyFiles) -> None:
    create_ca("--demo")
    for ca in IssuingCA.objects.all():
        constraints = ca.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)
        usage = ca.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.key_cert_sign
        assert usage.crl_sign
        assert not usage.digital_signature
        assert ("TEST" in ca.certificate.subject.rfc4514_string()) == (ca.environment == "test")
        assert "emonstration" in ca.certificate.subject.rfc4514_string()
        for certificate in (ca.certificate, ca.root):
            der = certificate.public_bytes(Encoding.DER)
            assert {finding.severity for finding in pkix_findings(der)} <= {"info"}


def test_the_root_publishes_a_list(keys: KeyFiles) -> None:
    production_ec()
    crl = x509.load_der_x509_crl(repository.crl_path("root-ec-1").read_bytes())
    assert crl.issuer == IssuingCA.objects.get().root.subject
    assert crl.next_update_utc == crl.last_update_utc + timedelta(days=365)


def test_an_issuing_ca_has_a_list_from_its_first_moment(keys: KeyFiles) -> None:
    production_ec()
    first = repository.crl_number("sote-ec-1")
    assert first > 0
    repository.crl_path("sote-ec-1").unlink()
    create_ca("--demo")
    assert repository.crl_number("sote-ec-1") > first


def test_keys_are_nowhere_but_in_their_folder(keys: KeyFiles, tmp_path: Path) -> None:
    record = create_ca("--demo")
    assert "PRIVATE" not in record
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.parent != Path(keys._folder):
            assert b"PRIVATE KEY" not in path.read_bytes()
