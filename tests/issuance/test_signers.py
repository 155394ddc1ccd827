"""One contract over every backend of the signer seam."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pytest_django import Settings

from issuance import signers
from issuance.authority.sign import sign_bytes
from issuance.signers import Signer, SignerMismatch, SignerUnavailable, memory
from issuance.signers.file import KeyFiles
from tests.issuance import hierarchy
from tests.issuance.hierarchy import Place

EC = Place("production", "ec")
RSA = Place("production", "rsa")
OTHER = Place("test", "ec")

type Put = Callable[[str, Signer], None]


@pytest.fixture
def keys(settings: Settings, tmp_path: Path) -> KeyFiles:
    (tmp_path / "password").write_text("a long password\n")
    settings.CA_KEYS_DIR = str(tmp_path / "keys")
    settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "password")
    return KeyFiles()


@pytest.fixture(params=["file", "memory"])
def put(request: pytest.FixtureRequest, settings: Settings, keys: KeyFiles) -> Put:
    signers.forget()
    if request.param == "file":
        settings.ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.file.KeyFiles"}
        return lambda stem, signer: keys.store(stem, signer.private_key, signer.chain)
    settings.ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.memory.KeysInMemory"}
    return memory.put


def load(stem: str, place: Place) -> Signer:
    return signers.load(stem, hierarchy.issuing(place).chain[0])


@pytest.mark.parametrize("place", [EC, RSA])
def test_it_signs_as_its_certificate_says(put: Put, place: Place) -> None:
    put("contract-1", hierarchy.issuing(place))
    signer = load("contract-1", place)
    assert signer.branch == place.branch
    signature, public = sign_bytes(b"bytes", signer), signer.chain[0].public_key()
    if isinstance(public, rsa.RSAPublicKey):
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA512

        public.verify(signature, b"bytes", PKCS1v15(), SHA512())
    else:
        from cryptography.hazmat.primitives.hashes import SHA384

        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signature, b"bytes", ec.ECDSA(SHA384()))


@pytest.mark.parametrize("place", [EC, RSA])
def test_signing_the_same_bytes_again_gives_the_same(put: Put, place: Place) -> None:
    put("contract-2", hierarchy.issuing(place))
    signer = load("contract-2", place)
    assert sign_bytes(b"bytes", signer) == sign_bytes(b"bytes", signer)


def test_the_chain_goes_up_to_the_root(put: Put) -> None:
    put("contract-3", hierarchy.issuing(EC))
    chain = load("contract-3", EC).chain
    assert [c.subject for c in chain] == [c.subject for c in hierarchy.issuing(EC).chain]
    assert chain[-1].issuer == chain[-1].subject


def test_a_missing_key_is_unavailable(put: Put) -> None:
    with pytest.raises(SignerUnavailable):
        load("contract-none", EC)


def test_a_key_of_another_ca_is_refused(put: Put) -> None:
    put("contract-4", hierarchy.issuing(OTHER))
    with pytest.raises(SignerMismatch):
        load("contract-4", EC)


def test_a_key_that_is_not_the_certificates_is_refused(put: Put) -> None:
    put("contract-5", Signer(hierarchy.issuing(EC).chain, hierarchy.issuing(OTHER).private_key))
    with pytest.raises(SignerMismatch):
        load("contract-5", EC)


def test_a_chain_that_does_not_hold_together_is_refused(put: Put) -> None:
    own, other = hierarchy.issuing(EC), hierarchy.issuing(OTHER)
    put("contract-6", Signer((own.chain[0], other.chain[1]), own.private_key))
    with pytest.raises(SignerMismatch):
        load("contract-6", EC)


def test_a_wrong_password_is_unavailable_and_tells_nothing(
    keys: KeyFiles, settings: Settings, tmp_path: Path
) -> None:
    own = hierarchy.issuing(EC)
    keys.store("file-1", own.private_key, own.chain)
    (tmp_path / "password").write_text("wrong")
    with pytest.raises(SignerUnavailable) as error:
        keys.load("file-1")
    assert str(error.value) == "file-1: ValueError"


def test_a_process_without_the_settings_has_no_keys(settings: Settings) -> None:
    settings.CA_KEYS_DIR = settings.CA_KEY_PASSWORD_FILE = ""
    with pytest.raises(SignerUnavailable):
        KeyFiles().load("file-1")


def test_key_files_are_encrypted_private_and_never_overwritten(keys: KeyFiles) -> None:
    own = hierarchy.issuing(EC)
    keys.store("file-2", own.private_key, own.chain)
    content = keys.key_path("file-2").read_bytes()
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in content
    assert keys.key_path("file-2").stat().st_mode & 0o777 == 0o400
    with pytest.raises(FileExistsError):
        keys.store("file-2", own.private_key, own.chain)
    assert keys.key_path("file-2").read_bytes() == content


def test_a_crash_while_storing_leaves_no_half_key(
    keys: KeyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = hierarchy.issuing(EC)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            keys.store("file-3", own.private_key, own.chain)
    assert not keys.exists("file-3")
    keys.store("file-3", own.private_key, own.chain)
    assert keys.load("file-3").private_key.private_numbers()


def test_a_file_that_is_no_ca_key_is_refused(keys: KeyFiles) -> None:
    own = hierarchy.issuing(EC)
    keys.store("file-4", own.private_key, own.chain)
    keys.key_path("file-4").chmod(0o600)
    keys.key_path("file-4").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n")
    with pytest.raises(SignerUnavailable):
        keys.load("file-4")


def test_loaded_once_per_process(put: Put) -> None:
    put("contract-7", hierarchy.issuing(EC))
    assert load("contract-7", EC) is load("contract-7", EC)


def test_an_end_entity_is_no_ca() -> None:
    certificate = hierarchy.issuing(EC).chain[0]
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
