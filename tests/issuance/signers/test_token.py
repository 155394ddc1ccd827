"""What is particular to a PKCS#11 token, tried with SoftHSM."""

import copy
import os
import signal
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_django import Settings

from certportal.dev.builders.hierarchy import Place, issuing
from issuance.algorithms import Branch
from issuance.authority.sign import sign_bytes
from issuance.signers import Signer, SignerMismatch, SignerUnavailable
from issuance.signers.file import KeyFiles
from issuance.signers.pkcs11 import TokenKeys
from issuance.signers.token import WrongPin, end_sessions
from tests.issuance.signers.softhsm import LABEL, MODULE, PIN, SoftToken, sessions
from tests.issuance.signers.verifying import verify

EC = Place("production", "ec")
STEM = "token-1"


@pytest.fixture
def chains(settings: Settings, keys: KeyFiles) -> Path:
    return Path(settings.CA_KEYS_DIR)


@pytest.fixture
def held(token: SoftToken, chains: Path) -> Signer:
    """A signer whose key has signed from the token."""
    token.put(chains, STEM, issuing(EC))
    signer = TokenKeys(**token.options).load(STEM)
    sign_bytes(b"bytes", signer)
    return signer


def test_a_signer_in_use_outlives_the_absence_of_its_token(held: Signer, token: SoftToken) -> None:
    token.take_away()
    for _ in range(3):
        with pytest.raises(SignerUnavailable):
            sign_bytes(b"bytes", held)
    token.bring_back()
    verify(sign_bytes(b"bytes", held), held)


def test_a_session_that_was_lost_is_opened_anew(held: Signer) -> None:
    (session,) = sessions()
    os.kill(session, signal.SIGKILL)
    verify(sign_bytes(b"bytes", held), held)


def test_another_key_that_came_under_the_name_signs_nothing(
    held: Signer, token: SoftToken, tmp_path: Path
) -> None:
    token.take_away()
    (tmp_path / "hsm" / "softhsm2.conf").unlink()
    token.initialise()
    token.put_key(STEM, ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(SignerMismatch):
        sign_bytes(b"bytes", held)


def test_of_two_keys_of_one_name_only_the_certificates_signs(
    token: SoftToken, chains: Path
) -> None:
    token.put_key(STEM, ec.generate_private_key(ec.SECP384R1()))
    token.put(chains, STEM, issuing(EC))
    signer = TokenKeys(**token.options).load(STEM)
    verify(sign_bytes(b"bytes", signer), signer)


def test_a_wrong_pin_is_tried_once_and_not_again(token: SoftToken, chains: Path) -> None:
    """A token locks after a few wrong PINs; whoever retries must not use them up."""
    token.put(chains, STEM, issuing(EC))
    token.write_pin("00000000")
    backend, tries = TokenKeys(**token.options), []
    for _ in range(12):
        with pytest.raises(WrongPin) as error:
            backend.load(STEM)
        tries.append(str(error.value))
        assert "00000000" not in tries[-1]
    assert tries.count(f"{LABEL}: PinIncorrect") == 1
    token.write_pin(PIN)
    signer = backend.load(STEM)
    verify(sign_bytes(b"bytes", signer), signer)


def test_a_pin_made_wrong_meanwhile_is_unavailable(held: Signer, token: SoftToken) -> None:
    token.write_pin("11111111")
    end_sessions()
    with pytest.raises(WrongPin):
        sign_bytes(b"bytes", held)


@pytest.mark.parametrize(
    "wrong", [{"module": "/nowhere.so"}, {"token": "another"}, {"pin_file": "/nowhere"}]
)
def test_what_is_not_there_is_unavailable(
    token: SoftToken, chains: Path, wrong: dict[str, str]
) -> None:
    token.put(chains, STEM, issuing(EC))
    with pytest.raises(SignerUnavailable) as error:
        TokenKeys(**{**token.options, **wrong}).load(STEM)
    assert not isinstance(error.value, SignerMismatch)


@pytest.mark.parametrize("branch", ["ec", "rsa"])
def test_a_key_made_in_the_token_may_only_sign(
    token: SoftToken, chains: Path, branch: Branch
) -> None:
    """A key that unwraps or derives could bring another key out of the token."""
    TokenKeys(**token.options).make_key("made", branch, 2048)
    private = {pkcs11.Attribute[one] for one in ("SIGN", "DECRYPT", "UNWRAP", "DERIVE")}
    public = {pkcs11.Attribute[one] for one in ("VERIFY", "ENCRYPT", "WRAP")}
    library = pkcs11.lib(MODULE)
    library.reinitialize()
    with library.get_token(token_label=LABEL).open(user_pin=PIN) as session:
        for kind, uses, allowed in (
            (pkcs11.ObjectClass.PRIVATE_KEY, private, "SIGN"),
            (pkcs11.ObjectClass.PUBLIC_KEY, public, "VERIFY"),
        ):
            (made,) = session.get_objects({pkcs11.Attribute.CLASS: kind})
            assert {one.name for one in uses if made[one]} == {allowed}


@pytest.mark.parametrize("branch", ["ec", "rsa"])
def test_a_key_made_in_the_token_never_leaves_it(
    token: SoftToken, chains: Path, branch: Branch
) -> None:
    store = TokenKeys(**token.options)
    key = store.make_key("made", branch, 2048)
    size = key.public_key().key_size
    assert size == (384 if branch == "ec" else 2048) == key.key_size
    for leave in (
        key.private_numbers,
        lambda: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ):
        with pytest.raises(NotImplementedError):
            leave()
    library = pkcs11.lib(MODULE)
    library.reinitialize()
    with library.get_token(token_label=LABEL).open(user_pin=PIN) as session:
        (made,) = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
        assert made[pkcs11.Attribute.SENSITIVE] and made[pkcs11.Attribute.NEVER_EXTRACTABLE]
    assert not list(chains.glob("*.key"))


def test_a_key_waits_in_the_token_for_its_chain_and_is_never_made_twice(
    token: SoftToken, chains: Path
) -> None:
    store = TokenKeys(**token.options)
    assert store.pending("waiting") is None
    made = store.make_key("waiting", "ec", 0)
    assert not store.exists("waiting")
    with pytest.raises(FileExistsError):
        store.make_key("waiting", "ec", 0)
    waiting = store.pending("waiting")
    assert waiting is not None and waiting.public_key() == made.public_key()
    store.keep_chain("waiting", issuing(EC).chain)
    assert store.exists("waiting") and store.pending("waiting") is None
    assert store.place("waiting") == f"pkcs11:token={LABEL};object=waiting;type=private"


def test_keys_in_a_token_only_sign(held: Signer, token: SoftToken, chains: Path) -> None:
    token.put(chains, "token-rsa", issuing(Place("production", "rsa")))
    key = TokenKeys(**token.options).load("token-rsa").private_key
    assert isinstance(key, rsa.RSAPrivateKey) and isinstance(
        held.private_key, ec.EllipticCurvePrivateKey
    )
    assert held.private_key.curve.name == "secp384r1"
    assert copy.copy(key) is copy.deepcopy(key) is key
    pss = padding.PSS(padding.MGF1(SHA512()), 64)
    for attempt in (
        lambda: key.decrypt(b"x", padding.PKCS1v15()),
        lambda: key.sign(b"x", pss, SHA512()),
        lambda: held.private_key.exchange(ec.ECDH(), held.private_key.public_key()),
    ):
        with pytest.raises(NotImplementedError):
            attempt()
