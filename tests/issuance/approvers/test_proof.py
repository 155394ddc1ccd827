"""The stored proof of an approval, and what is refused in its place."""

import json
from dataclasses import replace
from typing import Any

import pytest
from fido2.server import Fido2Server
from hypothesis import given, strategies as st

from accounts.factors.fingerprint import fingerprint, grouped
from issuance.approvers.assertion import Assertion, BadAssertion
from issuance.approvers.challenge import challenge_of_plan
from issuance.approvers.proof import PlanProof, Proof
from issuance.approvers.verify_assertion import verify
from tests.doubles.passkey import UP, UV, Passkey

SITE = {"rp_id": "testserver", "origins": ["https://testserver"]}
OWN = b"\x07" * 32


@pytest.fixture
def passkey() -> Passkey:
    """Riitta's."""
    return Passkey()


def check(assertion: Assertion, passkey: Passkey, challenge: bytes = OWN) -> None:
    verify(assertion, challenge, credential=passkey.credential, **SITE)  # type: ignore[arg-type]


def test_what_the_browser_answers_is_stored_and_proves_it(passkey: Passkey) -> None:
    told = Assertion.of_browser(json.loads(json.dumps(passkey.answer(OWN))))
    stored = json.loads(json.dumps(Proof(told).to_json()))
    proof = Proof.parse(stored)
    assert proof.challenge_for(OWN) == OWN == proof.assertion.challenge
    check(proof.assertion, passkey)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"flags": UP}, "verified"),
        ({"flags": UV}, "Present"),
        ({"origin": "https://other.example.fi"}, "origin"),
        ({"origin": "http://testserver"}, "origin"),
        ({"crossOrigin": True}, "another origin"),
        ({"type": "webauthn.create"}, "type"),
    ],
)
def test_what_was_signed_otherwise_proves_nothing(
    passkey: Passkey, told: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadAssertion, match=why):
        check(passkey.sign(OWN, **told), passkey)


def test_a_passkey_of_another_site_proves_nothing() -> None:
    elsewhere = Passkey(rp_id="other.example.fi")
    with pytest.raises(BadAssertion, match="RP ID"):
        check(elsewhere.sign(OWN), elsewhere)


def test_another_challenge_or_another_key_proves_nothing(passkey: Passkey) -> None:
    with pytest.raises(BadAssertion, match="challenge"):
        check(passkey.sign(b"\x08" * 32), passkey)
    with pytest.raises(BadAssertion, match="signature"):
        check(Passkey().sign(OWN), passkey)
    with pytest.raises(BadAssertion, match="credential"):
        check(Passkey(name=b"raimo's key").sign(OWN), passkey)


def test_what_proved_it_once_proves_nothing_else(passkey: Passkey) -> None:
    """What was found good is remembered with all that it was found good for."""
    good = passkey.sign(OWN)
    check(good, passkey)
    check(good, passkey)
    other = Passkey()
    for _ in range(2):  # nor is a refusal forgotten
        for assertion, whose, challenge in (
            (replace(good, signature=other.sign(OWN).signature), passkey, OWN),
            (good, other, OWN),
            (good, passkey, b"\x08" * 32),
        ):
            with pytest.raises(BadAssertion):
                check(assertion, whose, challenge)
        for site in (SITE | {"origins": ["https://b.fi"]}, SITE | {"rp_id": "b.fi"}):
            with pytest.raises(BadAssertion):
                verify(good, OWN, credential=passkey.credential, **site)  # type: ignore[arg-type]


def test_the_assertion_for_a_plan_is_verified_once_in_a_process(
    passkey: Passkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified, complete = [], Fido2Server.authenticate_complete

    def noted(*arguments: Any, **more: Any) -> Any:
        verified.append(arguments)
        return complete(*arguments, **more)

    monkeypatch.setattr(Fido2Server, "authenticate_complete", noted)
    challenges = [bytes([number]) * 32 for number in range(5)]
    plan = challenge_of_plan(challenges)
    made = PlanProof(passkey.sign(plan), challenges)
    for challenge in challenges * 2:
        proof = Proof.parse(json.loads(json.dumps(made.of(challenge).to_json())))
        check(proof.assertion, passkey, proof.challenge_for(challenge))
    assert len(verified) == 1


@given(st.integers(1, 40))
def test_each_attempt_is_in_its_plan_and_no_other(size: int) -> None:
    passkey = Passkey()
    challenges = [bytes([number]) * 32 for number in range(size)]
    plan = challenge_of_plan(challenges)
    made = PlanProof(passkey.sign(plan), challenges)
    for challenge in challenges:
        proof = Proof.parse(json.loads(json.dumps(made.of(challenge).to_json())))
        assert proof.challenge_for(challenge) == plan
        with pytest.raises(BadAssertion, match="not in the plan"):
            proof.challenge_for(b"\xff" * 32)
    with pytest.raises(BadAssertion, match="not in the plan"):
        made.of(b"\xff" * 32)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "x",
        {},
        {"id": "AA"},
        {"id": "", "authenticatorData": "AA", "clientDataJSON": "AA", "signature": "AA"},
        {"id": "ä", "authenticatorData": "AA", "clientDataJSON": "AA", "signature": "AA"},
        {"id": "A" * 2000, "authenticatorData": "AA", "clientDataJSON": "AA", "signature": "AA"},
        {"id": "\ud800", "authenticatorData": "AA", "clientDataJSON": "AA", "signature": "AA"},
        {"id": 7, "authenticatorData": "AA", "clientDataJSON": "AA", "signature": "AA"},
        {"id": "AA", "authenticatorData": "AA", "clientDataJSON": "AA", "signature": "A"},
        {
            "id": "AA",
            "authenticatorData": "AA",
            "clientDataJSON": "AA",
            "signature": "AA",
            "plan": {"index": True, "size": 1, "root": "AA", "path": []},
        },
        {
            "id": "AA",
            "authenticatorData": "AA",
            "clientDataJSON": "AA",
            "signature": "AA",
            "plan": {"index": 0, "size": 1, "root": "AA", "path": ["AA"] * 33},
        },
    ],
)
def test_what_is_malformed_is_refused(stored: Any) -> None:
    with pytest.raises(BadAssertion):
        Proof.parse(stored)
    with pytest.raises(BadAssertion):
        Assertion.of_browser(stored)


FIELDS = ("rawId", "authenticatorData", "clientDataJSON", "signature")


@pytest.mark.parametrize("response", [None, "x", ["x"], 7, True, [["clientDataJSON", "AA"]]])
def test_an_answer_without_a_response_is_refused(response: Any) -> None:
    with pytest.raises(BadAssertion, match="no response"):
        Assertion.of_browser({"rawId": "AA", "response": response})


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("text", ["\ud800", "AA\udfff", "ä", "A" * 100_000, "=", None, {}, []])
def test_an_answer_with_what_is_no_base64url_is_refused(name: str, text: Any) -> None:
    response = dict.fromkeys(FIELDS[1:], "AA") | {name: text}
    with pytest.raises(BadAssertion):
        Assertion.of_browser({"rawId": response.pop("rawId", "AA"), "response": response})


@pytest.mark.parametrize(
    "said",
    [b"\xff", b"[]", b"{}", b'{"challenge": 1}', b'{"challenge": "\\ud800"}', b"[" * 4000],
)
def test_client_data_that_says_nothing_signs_nothing(passkey: Passkey, said: bytes) -> None:
    odd = Assertion(passkey.name, b"\0" * 37, said, b"\0")
    with pytest.raises(BadAssertion):
        _ = odd.challenge
    with pytest.raises(BadAssertion):
        check(odd, passkey)


def test_a_register_entry_that_is_no_key_is_a_refusal(passkey: Passkey) -> None:
    with pytest.raises(BadAssertion):
        verify(passkey.sign(OWN), OWN, credential=b"\0" * 20, **SITE)  # type: ignore[arg-type]


def test_the_fingerprint_is_of_the_key_and_read_in_groups(passkey: Passkey) -> None:
    shown = fingerprint(passkey.credential)
    assert [len(group) for group in shown.split("-")] == [4, 4, 4, 4]
    assert grouped(shown.lower().replace("-", " ")) == shown
    assert shown != fingerprint(Passkey().credential)
    assert shown == fingerprint(b"\xff" * 16 + passkey.credential[16:])  # of any maker
