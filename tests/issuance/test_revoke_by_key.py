"""Proof of possession: made by openssl itself, bound to one line and one key, good once."""

import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.models import Organisation, Person
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Event, OutboxItem, Tally
from issuance import services
from issuance.der import read
from issuance.der.write import sequence
from issuance.keys.policy import examine_key, read_key, spki_sha256
from issuance.models import BlockedKey, Certificate, IssuingCA, KeyChallenge
from issuance.services.exposed_keys import revoke_by_key
from issuance.services.exposed_keys.revoke_by_key import (
    ChallengeOver,
    NoKeyFound,
    NotProven,
    PrivateKeyShown,
    text_of,
)
from tests.issuance.conftest import approve_by
from tests.issuance.csr.builder import ec_key, rsa_key, rsa_key_with, spki_of
from tests.issuance.orders import make_csr, server_order

ADDRESS = "192.0.2.7"
KEYS = {
    "EC P-256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "EC P-384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "RSA 2048": ["rsa:2048"],
    "RSA 3072": ["rsa:3072"],
}

pytestmark = pytest.mark.django_db


def openssl(*arguments: str | Path, stdin: bytes = b"") -> bytes:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


class Holder:
    """Somebody with a key in a file and a self-signed certificate for it."""

    def __init__(self, folder: Path, kind: str = "EC P-256") -> None:
        self.key = folder / "key.pem"
        subject = ["-subj", "/CN=somebody.example.fi"]
        made = ["req", "-x509", "-newkey", *KEYS[kind], "-noenc", "-keyout", self.key, *subject]
        self.certificate = openssl(*made)

    def public(self, form: str = "PEM") -> bytes:
        return openssl("pkey", "-in", self.key, "-pubout", "-outform", form)

    def sign(self, text: str, *options: str, digest: str = "sha256") -> bytes:
        return openssl("dgst", f"-{digest}", "-sign", self.key, *options, stdin=text.encode())

    def request(self, common_name: str, form: str = "PEM") -> bytes:
        subject = ["-subj", f"/CN={common_name}", "-outform", form]
        return openssl("req", "-new", "-key", self.key, *subject)


@pytest.fixture
def holder(tmp_path: Path) -> Holder:
    return Holder(tmp_path)


def ask(data: bytes, now: datetime) -> KeyChallenge:
    return services.challenge(data, address=ADDRESS, now=now)


def prove(challenge: KeyChallenge, proof: bytes, now: datetime) -> None:
    services.prove(challenge.token, proof, address=ADDRESS, now=now)


def blocked() -> set[str]:
    return set(BlockedKey.objects.values_list("spki_sha256", flat=True))


@pytest.mark.parametrize("kind", KEYS)
def test_openssl_s_signature_is_taken_for_every_kind_of_key(
    tmp_path: Path, kind: str, now: datetime
) -> None:
    holder = Holder(tmp_path, kind)
    for digest in ("sha256", "sha384", "sha512"):
        challenge = ask(holder.certificate, now)
        prove(challenge, holder.sign(text_of(challenge), digest=digest), now)
    assert blocked() == {spki_sha256(holder.public("DER"))}
    assert BlockedKey.objects.get().reason == "key_compromise"


def test_base64_line_ends_and_rsa_pss_are_taken(tmp_path: Path, now: datetime) -> None:
    holder = Holder(tmp_path, "RSA 2048")
    pss = ["-sigopt", "rsa_padding_mode:pss"]
    for options, end in (([], "\n"), ([], "\r\n"), (pss, "")):
        challenge = ask(holder.public(), now)
        signature = holder.sign(text_of(challenge) + end, *options)
        prove(challenge, openssl("base64", stdin=signature), now)
        assert KeyChallenge.objects.get(pk=challenge.pk).used_at == now


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_a_certificate_request_with_the_challenge_as_its_name_is_taken(
    holder: Holder, form: str, now: datetime
) -> None:
    challenge = ask(holder.request("anything.example.fi", form), now)
    with pytest.raises(NotProven):
        prove(challenge, holder.request("anything.example.fi", form), now)
    prove(challenge, holder.request(challenge.token, form), now)
    assert blocked() == {spki_sha256(holder.public("DER"))}


def test_what_the_key_is_told_by_may_be_certificate_request_or_key(
    holder: Holder, now: datetime
) -> None:
    der = openssl("x509", "-outform", "DER", stdin=holder.certificate)
    for given in (holder.certificate, der, holder.public(), holder.public("DER")):
        assert bytes(ask(given, now).spki) == holder.public("DER")


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\x30\x00", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
)
def test_what_holds_no_key_is_refused(data: bytes, now: datetime) -> None:
    with pytest.raises(NoKeyFound):
        ask(data, now)


@pytest.mark.parametrize("name", ["ED25519", "RSA1024", "P-521"])
def test_a_key_that_cannot_be_certified_is_refused(name: str, now: datetime) -> None:
    options = {
        "ED25519": ["-algorithm", "ED25519"],
        "RSA1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        "P-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    }[name]
    public = openssl("pkey", "-pubout", stdin=openssl("genpkey", *options))
    with pytest.raises(NoKeyFound):
        ask(public, now)


def test_another_key_another_line_and_another_challenge_prove_nothing(
    holder: Holder, tmp_path: Path, now: datetime
) -> None:
    (tmp_path / "other").mkdir()
    other = Holder(tmp_path / "other")
    challenge, later = ask(holder.certificate, now), ask(holder.certificate, now)
    text = text_of(challenge)
    for proof in (
        other.sign(text),
        other.request(challenge.token),
        holder.sign(text[:-1]),
        holder.sign(text.replace("revoke", "renew")),
        holder.sign(text_of(later)),
        holder.request(later.token),
        holder.sign(challenge.token),
        b"",
        b"nothing",
    ):
        with pytest.raises(NotProven):
            prove(challenge, proof, now)
    assert not blocked()
    # Nobody is identified here: a flood of guesses leaves a number, not an event for each.
    assert not Event.objects.filter(action="issuance.key_proof").exists()
    assert sum(Tally.objects.filter(scope="refused:key").values_list("count", flat=True)) == 9


def test_a_request_whose_signature_is_broken_proves_nothing(holder: Holder, now: datetime) -> None:
    challenge = ask(holder.certificate, now)
    request = holder.request(challenge.token, "DER")
    with pytest.raises(NotProven):
        prove(challenge, request[:-1] + bytes([request[-1] ^ 1]), now)


def test_a_challenge_is_good_once(holder: Holder, now: datetime) -> None:
    challenge = ask(holder.certificate, now)
    proof = holder.sign(text_of(challenge))
    prove(challenge, proof, now)
    with pytest.raises(ChallengeOver):
        prove(challenge, proof, now)
    assert Event.objects.filter(action="issuance.key_proof").count() == 1


def test_and_for_an_hour(holder: Holder, now: datetime) -> None:
    challenge = ask(holder.certificate, now)
    proof, late = holder.sign(text_of(challenge)), now + revoke_by_key.VALID
    with pytest.raises(ChallengeOver):
        prove(challenge, proof, late)
    prove(challenge, proof, late - timedelta(seconds=1))


def test_and_no_longer_because_a_clock_was_ahead(holder: Holder, now: datetime) -> None:
    challenge = ask(holder.certificate, now + timedelta(minutes=30))
    with pytest.raises(ChallengeOver):
        prove(challenge, holder.sign(text_of(challenge)), now)


def test_an_invented_challenge_is_none(now: datetime) -> None:
    with pytest.raises(ChallengeOver):
        services.prove("x" * 43, b"proof", address=ADDRESS, now=now)


def test_challenges_are_random_and_old_ones_are_not_kept(holder: Holder, now: datetime) -> None:
    first, second = ask(holder.certificate, now), ask(holder.certificate, now)
    assert first.token != second.token
    ask(holder.certificate, now + revoke_by_key.VALID + revoke_by_key.KEPT + timedelta(seconds=1))
    assert KeyChallenge.objects.count() == 1


def test_one_address_is_asked_to_wait(
    holder: Holder, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoke_by_key, "MOST", 2)
    challenge, _other = ask(holder.certificate, now), ask(holder.certificate, now)
    with pytest.raises(TooMany):
        ask(holder.certificate, now)
    for refusal in (NotProven, NotProven, TooMany):
        with pytest.raises(refusal):
            prove(challenge, b"guess", now)


def test_a_certificate_of_ours_is_revoked_and_its_key_blocked(
    certificate: Certificate, order, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoke_by_key, "is_proof", lambda *_: True)
    prove(ask(bytes(certificate.der), now), b"signature", now)
    certificate.refresh_from_db()
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    event = Event.objects.get(action="issuance.key_proof")
    assert event.data == {"certificates": [certificate.pk]}
    topics = set(OutboxItem.objects.values_list("topic", flat=True))
    assert {"certificate.revoked", "key.proven"} <= topics


def test_a_key_that_is_proven_is_blocked_with_the_usual_exponent_too(
    now: datetime, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(revoke_by_key, "is_proof", lambda *_: True)
    unusual, usual = spki_of(rsa_key_with(65539)), spki_of(rsa_key())
    prove(ask(unusual, now), b"signature", now)
    assert blocked() == {spki_sha256(unusual), spki_sha256(usual)}


def test_a_key_that_can_be_computed_is_blocked_with_the_usual_exponent_too(
    now: datetime, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(revoke_by_key, "is_computable", lambda _key: True)
    unusual, usual = spki_of(rsa_key_with(65539)), spki_of(rsa_key())
    ask(unusual, now)
    assert blocked() == {spki_sha256(unusual), spki_sha256(usual)}


def test_a_key_that_anybody_can_compute_needs_no_proof(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was certified before the rules knew such keys."""
    key = ec.derive_private_key(20261126, ec.SECP256R1())
    with monkeypatch.context() as older:
        older.setattr("issuance.keys.policy.weakness", lambda *_: None)
        prepared = services.prepare(server_order(pharmacy, key), now=now)
        approve_by(riitta, prepared, now)
        certificate = services.issue(prepared.reference, now=now)
    assert certificate is not None

    challenge = ask(bytes(certificate.der), now)

    certificate.refresh_from_db()
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    assert blocked() == {certificate.spki_sha256}
    assert OutboxItem.objects.filter(topic="key.proven").exists()
    assert text_of(challenge)


def test_of_an_unknown_key_nobody_is_told(holder: Holder, now: datetime) -> None:
    challenge = ask(holder.certificate, now)
    prove(challenge, holder.sign(text_of(challenge)), now)
    assert not OutboxItem.objects.filter(topic="key.proven").exists()


@pytest.mark.parametrize("given", ["as the certificate", "as the signature"])
def test_a_private_key_is_dealt_with_as_exposed(holder: Holder, given: str, now: datetime) -> None:
    challenge, key = ask(holder.certificate, now), holder.key.read_bytes()
    give = {
        "as the certificate": lambda: ask(key, now),
        "as the signature": lambda: prove(challenge, key, now),
    }[given]
    with pytest.raises(PrivateKeyShown):
        give()
    assert blocked() == {spki_sha256(holder.public("DER"))}
    assert BlockedKey.objects.get().reason == "private_key_uploaded"


def test_a_signature_names_the_service_and_what_it_is_for(
    holder: Holder, now: datetime, settings
) -> None:
    settings.PORTAL_BASE_URL = "https://varmenteet.example.fi"
    text = text_of(ask(holder.certificate, now))
    assert text.isascii()
    assert "varmenteet.example.fi must revoke every certificate" in text
    assert "'" not in text


def test_a_key_is_the_same_however_it_is_written() -> None:
    key = ec_key().public_key()
    short = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    whole = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    spki = spki_of(ec_key())
    compressed = _with_point(spki, whole, short)
    assert read_key(compressed).facts.spki_sha256 == spki_sha256(spki)
    rsa = spki_of(rsa_key())
    bare = bytes.fromhex("0500")
    assert bare in rsa[:30]
    without = _without_null(rsa)
    assert read_key(without).facts.spki_sha256 == spki_sha256(rsa)


def _with_point(spki: bytes, whole: bytes, short: bytes) -> bytes:
    head = spki[2 : spki.index(whole) - 3]
    bits = bytes([3, len(short) + 1, 0]) + short
    return bytes([0x30, len(head) + len(bits)]) + head + bits


def _without_null(spki: bytes) -> bytes:
    algorithm, bits = read.read(spki).children()
    return sequence(sequence(algorithm.children()[0].encoded), bits.encoded)


def test_a_blocked_key_stays_blocked_in_another_encoding(now: datetime) -> None:
    spki = spki_of(rsa_key())
    services.block_key(
        spki_sha256(spki), "key_compromise", actor=revoke_by_key.Actor("visitor"), now=now
    )
    rules = {f.rule for f in examine_key(_without_null(spki), blocked=services.is_blocked)}
    assert "key.blocked" in rules


def test_private_halves_are_needed_for_this_very_file(now: datetime) -> None:
    """A request signed with the key that merely names another key's challenge is none."""
    challenge = ask(make_csr(ec_key()), now)
    with pytest.raises(NotProven):
        prove(challenge, make_csr(ec_key("P-384"), challenge.token), now)
    prove(challenge, make_csr(ec_key(), challenge.token), now)
