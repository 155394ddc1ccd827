"""Tokens that do not answer, refuse the PIN, sign wrongly or have half a key, with SoftHSM."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11.exceptions import DeviceError, PinLocked
from pytest_django import Settings

from certportal.dev.builders.hierarchy import Place, issuing
from issuance import services, signers
from issuance.authority.sign import sign_bytes
from issuance.signers import Signer, SignerUnavailable, refused_pin, token as tokens
from issuance.signers.pkcs11 import TokenKeys
from issuance.signers.token import TokenSilent, WrongPin
from issuance.token_process import keys as its_keys, session as its_session
from issuance.token_process.keys import WrongSignature
from issuance.token_process.session import Failed, Failure, Session
from tests.issuance.signers.softhsm import LABEL, MODULE, PIN, PUBLIC, SoftToken, sessions
from tests.issuance.signers.verifying import verify

EC = Place("production", "ec")
STEM = "token-1"
WRONG = "00000000"


@pytest.fixture
def chains(settings: Settings, tmp_path: Path) -> Path:
    settings.PORTAL_DATA, settings.CA_KEYS_DIR = tmp_path / "data", str(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def held(token: SoftToken, chains: Path) -> Signer:
    """A signer whose key has signed from the token."""
    token.put(chains, STEM, issuing(EC))
    signer = TokenKeys(**token.options).load(STEM)
    sign_bytes(b"bytes", signer)
    return signer


def failing(work: Callable[[], object]) -> str:
    with pytest.raises(SignerUnavailable) as error:
        work()
    return f"{type(error.value).__name__}: {error.value}"


def in_processes(number: int, work: Callable[[], object]) -> list[str]:
    """What the work comes to in as many processes at once, none of which has used the token."""
    reading, writing = os.pipe()
    for _ in range(number):
        if not os.fork():
            try:
                work()
                told = "made"
            except BaseException as error:
                told = f"{type(error).__name__}: {error}"
            os.write(writing, f"{told}\n".encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        told = file.read().splitlines()
    for _ in range(number):
        os.wait()
    return told


def test_a_token_that_does_not_answer_is_given_up_and_rests(
    held: Signer, token: SoftToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = f"TokenSilent: {LABEL}: the token "
    with token.silent(), monkeypatch.context() as hurried:
        hurried.setattr(tokens, "LIMIT", 0.5)
        told = failing(lambda: sign_bytes(b"bytes", held))
        assert told == f"{silent}does not answer within 0.5 s"
        assert not sessions()
    for _ in range(3):
        told = failing(lambda: sign_bytes(b"bytes", held))
        assert told == f"{silent}did not answer before"
        assert not sessions()
    with pytest.raises(TokenSilent):
        services.ensure_token_answers()
    tokens.end_sessions()  # as a restart does
    verify(sign_bytes(b"bytes", held), held)
    services.ensure_token_answers()


def test_a_key_whose_making_is_not_answered_is_not_made_again(
    token: SoftToken, chains: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TokenKeys(**token.options)
    with monkeypatch.context() as hurried:
        hurried.setattr(tokens, "MAKING", 0.0)
        with pytest.raises(TokenSilent):
            store.make_key(STEM, "rsa", 4096)
    assert not sessions()
    tokens.end_sessions()
    (store.pending(STEM) or store.make_key(STEM, "ec", 0)).public_key()
    assert store.pending(STEM) is not None


def test_a_refused_pin_is_tried_once_however_often_the_signer_restarts(
    token: SoftToken, chains: Path
) -> None:
    """A token locks after a few wrong PINs, and supervisors restart a worker for ever."""
    token.put(chains, STEM, issuing(EC))
    token.write_pin(WRONG)
    backend = TokenKeys(**token.options)
    told = in_processes(1, lambda: backend.load(STEM))
    told += in_processes(3, lambda: backend.load(STEM))
    refused = f"WrongPin: {LABEL}: "
    again = "the token has refused this PIN before, so it is not tried again"
    assert told == [f"{refused}PinIncorrect", *[f"{refused}{again}"] * 3]
    kept = refused_pin.file()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert WRONG not in kept.read_text()
    token.write_pin(PIN)
    verify(sign_bytes(b"bytes", signer := backend.load(STEM)), signer)
    assert not kept.exists()


def test_a_pin_is_refused_for_one_token_and_until_the_operator_says_so(
    token: SoftToken, chains: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token.put(chains, STEM, issuing(EC))
    token.write_pin(WRONG)
    backend = TokenKeys(**token.options)
    for told in ("PinIncorrect", "not tried again"):
        assert told in failing(lambda: backend.load(STEM))
        with pytest.raises(WrongPin):
            services.ensure_pin_accepted()
    starting = tokens._Session.__init__

    def deleted_meanwhile(self: Any, *about: Any, **further: Any) -> None:
        starting(self, *about, **further)
        refused_pin.file().unlink()  # the operator has unlocked it, under the same PIN

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(tokens._Session, "__init__", deleted_meanwhile)
        assert "not tried again" in failing(lambda: backend.load(STEM))
    assert "PinIncorrect" in failing(lambda: backend.load(STEM))
    token.take_away()
    (token.folder / "softhsm2.conf").unlink()
    token.initialise()
    token.write_pin(WRONG)
    assert "PinIncorrect" in failing(lambda: backend.load(STEM))
    token.write_pin(PIN)
    assert "no such key" in failing(lambda: backend.load(STEM))
    services.ensure_pin_accepted()


@pytest.mark.parametrize("pin", ["", " \n"])
def test_an_empty_pin_file_is_not_tried(token: SoftToken, chains: Path, pin: str) -> None:
    """As `deploy/prepare` makes it: a login without a PIN uses up a try too."""
    token.put(chains, STEM, issuing(EC))
    token.write_pin(pin)
    assert failing(lambda: TokenKeys(**token.options).load(STEM)).endswith("PIN file: it is empty")
    assert not refused_pin.file().exists()


class Slots:
    """A library with these tokens, each behind a function that finds it."""

    def __init__(self, *tokens: Callable[[], Any]) -> None:
        self._tokens = tokens

    def get_slots(self) -> Iterable[Any]:
        return [SimpleNamespace(get_token=each) for each in self._tokens]


def broken() -> Any:
    raise DeviceError


def opened(monkeypatch: pytest.MonkeyPatch, pin_file: Path, *tokens: Callable[[], Any]) -> Session:
    monkeypatch.setattr(pkcs11, "lib", lambda _module: Slots(*tokens))
    pin_file.write_text(PIN)
    address = its_session.Address("module", LABEL, str(pin_file), writable=False, refused="")
    return its_session.open_session(address)


def test_a_broken_token_in_another_slot_hinders_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def own() -> Any:
        return SimpleNamespace(label=LABEL, serial=b"1", open=lambda **_: "a session")

    pin_file = tmp_path / "pin"
    assert opened(monkeypatch, pin_file, broken, own).session == "a session"
    for slots, told in (((own, own), "2 tokens have"), ((broken,), "no token has")):
        with pytest.raises(Failed, match=told):
            opened(monkeypatch, pin_file, *slots)


def test_every_refusal_of_a_pin_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(**_: object) -> Any:
        raise PinLocked

    def locked() -> Any:
        return SimpleNamespace(label=LABEL, serial=b"1", open=refuse)

    with pytest.raises(Failed) as error:
        opened(monkeypatch, tmp_path / "pin", locked)
    assert error.value.failure == Failure.PIN and "PinLocked" in error.value.why
    assert PIN not in f"{error.value.why} {error.value.facts}"


def test_a_wrong_signature_never_comes_out(held: Signer, token: SoftToken) -> None:
    """Of a faulty one an RSA key can be computed."""
    other = ec.generate_private_key(ec.SECP384R1())
    token.put_key("other", other)
    library = pkcs11.lib(MODULE)
    library.reinitialize()
    with library.get_token(token_label=LABEL).open(user_pin=PIN) as session:
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        (faulty,) = session.get_objects({**wanted, pkcs11.Attribute.LABEL: "other"})
        der = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        public = held.private_key.public_key().public_bytes(*der)
        at = Session(session, LABEL, {(STEM, public): faulty})
        with pytest.raises(WrongSignature):
            its_keys.sign(at, STEM, public.hex(), bytes(48).hex(), "sha384")


def test_two_ceremonies_at_once_make_one_key(token: SoftToken, chains: Path) -> None:
    chains.mkdir()
    store = TokenKeys(**token.options)
    told = in_processes(2, lambda: store.make_key(STEM, "rsa", 3072))
    assert sorted(told) == [f"FileExistsError: {STEM}", "made"]
    assert store.pending(STEM) is not None


def test_a_ceremony_that_was_killed_while_a_key_is_made_goes_on_with_that_key(
    token: SoftToken, chains: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token goes on making it."""
    chains.mkdir()
    store = TokenKeys(**token.options)
    asking = tokens._Session.ask

    def kill_once_asked(self: Any, what: str, limit: float, about: dict[str, Any]) -> Any:
        if what == "generate":
            monkeypatch.setattr(self, "_read", lambda _: os.kill(os.getpid(), signal.SIGKILL))
        return asking(self, what, limit, about)

    monkeypatch.setattr(tokens._Session, "ask", kill_once_asked)
    assert in_processes(1, lambda: store.make_key(STEM, "rsa", 4096)) == []
    monkeypatch.setattr(tokens._Session, "ask", asking)
    with pytest.raises(FileExistsError):
        store.make_key(STEM, "rsa", 4096)
    assert store.pending(STEM) is not None


def test_an_answer_that_was_not_awaited_answers_nothing_else(
    held: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(tokens._Session, "_read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sign_bytes(b"first", held)
    verify(sign_bytes(b"bytes", held), held)


def test_a_process_of_the_token_that_cannot_be_started_is_the_token_s_absence(
    held: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Any:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    tokens.end_sessions()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("subprocess.Popen", full)
        assert "temporarily unavailable" in failing(lambda: sign_bytes(b"bytes", held))
    refused_pin.file().parent.mkdir(parents=True, exist_ok=True)
    refused_pin.file().write_bytes(b"\xff")
    assert "damaged" in failing(lambda: sign_bytes(b"bytes", held))
    refused_pin.file().unlink()
    verify(sign_bytes(b"bytes", held), held)


def test_a_closed_terminal_does_not_end_the_token_s_process(held: Signer) -> None:
    """It may be making a key."""
    before = sessions()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(before[0], number)
        sign_bytes(b"bytes", held)
        assert sessions() == before


def test_a_refused_pin_that_cannot_be_kept_is_not_tried_until_it_is(
    token: SoftToken, chains: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device", "file")

    token.put(chains, STEM, issuing(EC))
    token.write_pin(WRONG)
    started: list[object] = []
    starting = tokens._Session._send
    monkeypatch.setattr(
        tokens._Session, "_send", lambda self, about: started.append(about) or starting(self, about)
    )
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(refused_pin, "replace", full)
        for _ in range(3):
            assert "No space" in failing(lambda: TokenKeys(**token.options).load(STEM))
    assert len(started) == 2  # its address, and one question
    assert "not tried again" in failing(lambda: TokenKeys(**token.options).load(STEM))


def test_the_token_s_process_is_not_dumped_and_hands_no_descriptor_on() -> None:
    own, other = os.pipe()
    asked = f"""
import ctypes, os
from issuance.token_process.__main__ import shield
shield()
print(ctypes.CDLL(None).prctl(3), os.get_inheritable({own}), os.get_inheritable(1))
os.write({other}, b"open")
"""
    told = subprocess.run(
        [sys.executable, "-c", asked], pass_fds=[own, other], stderr=subprocess.PIPE, check=True
    )
    os.close(other)
    with os.fdopen(own) as file:
        assert file.read() == "open"
    assert told.stderr.split() == [b"0", b"False", b"True"]


def test_half_a_key_is_none(token: SoftToken, chains: Path) -> None:
    """Power was lost after the public key was stored, and before the private one was."""
    token.put_key(STEM, ec.generate_private_key(ec.SECP384R1()), PUBLIC)
    store = TokenKeys(**token.options)
    assert store.pending(STEM) is None
    made = store.make_key(STEM, "ec", 0)
    waiting = store.pending(STEM)
    assert waiting is not None and waiting.public_key() == made.public_key()


def test_of_two_keys_none_waits_until_one_is_certified(token: SoftToken, chains: Path) -> None:
    own, store = issuing(EC), TokenKeys(**token.options)
    token.put_key(STEM, ec.generate_private_key(ec.SECP384R1()))
    token.put_key(STEM, own.private_key)
    assert "has 2 keys of this name" in failing(lambda: store.pending(STEM))
    with pytest.raises(FileExistsError):
        store.make_key(STEM, "ec", 0)
    store.keep_chain(STEM, own.chain)
    assert store.exists(STEM)
    signers.forget()
    verify(sign_bytes(b"bytes", signer := store.load(STEM)), signer)
