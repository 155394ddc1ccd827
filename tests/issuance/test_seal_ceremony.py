"""The ceremony of the seal: what it makes, and what it refuses."""

from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance import signers
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority import seal, sign
from issuance.certificate.lint_pkix import pkix_findings
from issuance.models import CeremonyRecord, Seal
from issuance.publication import repository
from issuance.services import sealing
from issuance.signers.file import KeyFiles

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]


def create_seal(*arguments: str) -> str:
    out = StringIO()
    call_command("create_seal", *arguments, stdout=out)
    return out.getvalue()


def test_before_the_ceremony_there_is_no_seal() -> None:
    assert sealing.seal_in_use() is None


def test_it_makes_root_and_seal_and_writes_a_record(keys: KeyFiles, tmp_path: Path) -> None:
    record = create_seal("--operator", "Olli Operaattori", "--witness", "Ville Valvoja")
    assert record.count("SHA-256") == 2
    assert "Ville Valvoja" in record
    (kept,) = (tmp_path / "ca" / "ceremonies").glob("*-seal-1.txt")
    assert kept.read_text() == record
    assert CeremonyRecord.objects.get(name=kept.stem).text == record
    seal = Seal.objects.get()
    assert signers.load("seal-1", seal.certificate).chain == (seal.certificate, seal.root)
    assert Event.objects.get(action="issuance.seal_registered").object_id == "seal-1"


def test_it_seals_with_its_own_hash_whatever_the_cas_sign_with(
    keys: KeyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is hashed with SHA-384 is also signed with it, as readers of PDFs expect."""
    create_seal()
    made = Seal.objects.get()
    other = replace(SIGNATURE_ALGORITHMS["ec"], hash=hashes.SHA512())
    monkeypatch.setattr(sign, "SIGNATURE_ALGORITHMS", {"ec": other})
    sealed = seal.sign(bytes(48), signers.load("seal-1", made.certificate))
    (info,) = cms.ContentInfo.load(sealed)["content"]["signer_infos"]
    assert info["signature_algorithm"]["algorithm"].native == "sha384_ecdsa"
    public = made.certificate.public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    covered = info["signed_attrs"].untag().dump()
    public.verify(info["signature"].native, covered, ECDSA(hashes.SHA384()))


def test_the_seal_signs_documents_and_no_certificates(keys: KeyFiles) -> None:
    create_seal()
    seal = Seal.objects.get()
    usage = seal.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and usage.content_commitment
    assert not usage.key_cert_sign and not usage.crl_sign
    constraints = seal.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.value == x509.BasicConstraints(ca=False, path_length=None)
    assert seal.certificate.not_valid_after_utc <= seal.root.not_valid_after_utc
    for one in (seal.certificate, seal.root):
        found = pkix_findings(one.public_bytes(Encoding.DER))
        assert {finding.severity for finding in found} <= {"info"}


def test_root_seal_and_list_are_published(keys: KeyFiles) -> None:
    create_seal()
    seal = Seal.objects.get()
    assert repository.certificate_path("root-seal-1").read_bytes() == bytes(seal.root_der)
    listed = x509.load_der_x509_crl(bytes(seal.root_list))
    assert listed.is_signature_valid(seal.root.public_key())
    # Until the seal itself ends: what was sealed is then checked without asking anybody.
    assert listed.next_update_utc == seal.certificate.not_valid_after_utc
    answer = Client().get("/crl/root-seal-1.crl")
    assert b"".join(answer) == bytes(seal.root_list)


def test_the_page_of_the_authorities_shows_the_root_of_the_seal(keys: KeyFiles) -> None:
    assert "root-seal-1" not in Client().get("/fi/authorities/").content.decode()
    create_seal()
    page = Client().get("/fi/authorities/").content.decode()
    assert 'href="/ca/root-seal-1.crt"' in page


def test_again_it_refuses(keys: KeyFiles) -> None:
    create_seal()
    with pytest.raises(CommandError, match="The last seal is seal-1"):
        create_seal()
    with pytest.raises(CommandError, match="The last seal is seal-1"):
        create_seal("--number=3")
    assert Seal.objects.count() == 1


def test_a_ceremony_that_was_interrupted_is_continued(
    keys: KeyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("issuance.services.ceremony.create_seal.register_seal", full_disk)
        with pytest.raises(CommandError, match="no space"):
            create_seal()
    before = keys.key_path("seal-1").read_bytes()
    later = clock.now() + timedelta(minutes=1)  # records are named by the second
    monkeypatch.setattr(clock, "now", lambda: later)
    assert create_seal().count("SHA-256") == 2
    assert keys.key_path("seal-1").read_bytes() == before


def test_the_next_seal_has_the_same_root_which_may_revoke_the_last(keys: KeyFiles) -> None:
    create_seal()
    create_seal("--number=2", "--revoke-last=key_compromise")
    first, second = Seal.objects.order_by("pk")
    assert sealing.seal_in_use() == second
    assert first.root == second.root
    listed = x509.load_der_x509_crl(bytes(second.root_list))
    assert [each.serial_number for each in listed] == [first.certificate.serial_number]
    assert repository.crl_path("root-seal-1").read_bytes() == bytes(second.root_list)


def test_the_next_seal_wants_the_root_of_the_last(keys: KeyFiles) -> None:
    create_seal()
    keys.key_path("root-seal-1").unlink()
    with pytest.raises(CommandError, match="give --root-keys"):
        create_seal("--number=2")


def test_in_production_the_root_leaves_the_service(
    keys: KeyFiles, settings: Settings, tmp_path: Path
) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="Give --root-keys"):
        create_seal()
    (tmp_path / "phrase").write_text("a long passphrase of a root\n")
    phrase = f"--root-passphrase-file={tmp_path / 'phrase'}"
    settings.PORTAL_DATA = tmp_path / "data"
    create_seal(f"--root-keys={tmp_path / 'safe'}", phrase)
    assert not keys.key_path("root-seal-1").exists()
    assert (tmp_path / "safe" / "root-seal-1.key").exists()
