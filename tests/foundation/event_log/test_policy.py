"""Trust policies by c2sp.org/tlog-policy, and the witnesses' lines that they are about."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certportal.foundation.event_log.notes import (
    WITNESS,
    BadNote,
    Checkpoint,
    Note,
    Signer,
    Verifier,
)
from certportal.foundation.event_log.policy import BadPolicy, Policy
from tests.doubles.witness import cosignature

KEYS = {name: Ed25519PrivateKey.generate() for name in ("x1", "x2", "x3", "y1", "y2")}
LOG = Signer("log.example.fi/events", Ed25519PrivateKey.generate())
NOTE = LOG.sign(Checkpoint(LOG.name, 20852163, bytes(range(32))).text)


def verifier(name: str) -> Verifier:
    return Verifier(f"{name}.example", KEYS[name].public_key().public_bytes_raw(), WITNESS)


WITNESSES = "".join(f"witness {name} {verifier(name)}\n" for name in KEYS)
# The example of the specification.
TWO_OF_THREE_AND_ONE = f"""
# Two organisations.
log {LOG.verifier}
{WITNESSES}
group X-witnesses 2 x1 x2 x3
group Y-witnesses any y1 y2
\tgroup X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_a_policy_says_who_is_enough():
    policy = Policy.parse(TWO_OF_THREE_AND_ONE)
    enough = [{"x1", "x2", "y1"}, {"x1", "x3", "y2"}, set(KEYS)]
    assert all(policy.is_met_by(each) for each in enough)
    too_few = [set(), {"x1", "y1"}, {"x1", "x2", "x3"}, {"y1", "y2"}, {"x1", "z", "y1"}]
    assert not any(policy.is_met_by(each) for each in too_few)


def test_one_witness_or_nobody_may_be_enough():
    assert Policy.parse(f"{WITNESSES}quorum x1").is_met_by({"x1"})
    assert not Policy.parse(f"{WITNESSES}quorum x1").is_met_by({"x2"})
    assert Policy.parse("quorum none").is_met_by(set())


def test_a_witness_has_an_address_or_none():
    policy = Policy.parse(f"witness x1 {verifier('x1')} https://x.example/w\nquorum x1\n")
    assert policy.witnesses["x1"].url == "https://x.example/w"
    assert Policy.parse(TWO_OF_THREE_AND_ONE).witnesses["x1"].url == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        WITNESSES,
        f"{WITNESSES}quorum z1",
        f"{WITNESSES}quorum x1\nquorum x2",
        f"quorum x1\n{WITNESSES}",
        f"{WITNESSES}{WITNESSES}quorum x1",
        f"{WITNESSES}witness again {verifier('x1')}\nquorum x1",
        f"witness none {verifier('x1')}\nquorum none",
        f"witness x1 {LOG.verifier}\nquorum x1",
        f"witness x1 {str(verifier('x1'))[:-4]}\nquorum x1",
        f"{WITNESSES}group g all\nquorum g",
        f"{WITNESSES}group g 0 x1\nquorum g",
        f"{WITNESSES}group g 3 x1 x2\nquorum g",
        f"{WITNESSES}group g two x1 x2\nquorum g",
        f"{WITNESSES}group g any x1 x1\nquorum g",
        f"{WITNESSES}group g any x1\ngroup h any x1\nquorum h",
        f"{WITNESSES}group g any g\nquorum g",
        f"{WITNESSES}guild g any x1\nquorum x1",
        "witness\nquorum none",
    ],
    ids=lambda _text: "policy",  # the keys differ in each process that collects
)
def test_a_malformed_policy_is_refused(text):
    with pytest.raises(BadPolicy):
        Policy.parse(text)


def test_a_malformed_line_is_named():
    with pytest.raises(BadPolicy, match=r"line 2 of the policy"):
        Policy.parse("# ours\nwitness x1 nonsense\nquorum x1\n")


def test_the_witnesses_that_signed_are_known_with_their_times():
    policy = Policy.parse(TWO_OF_THREE_AND_ONE)
    note = NOTE + cosignature("x1.example", KEYS["x1"], NOTE, 1679315147)
    assert policy.signers(note) == {"x1": 1679315147}
    assert Checkpoint.opened(note, LOG.verifier).size == 20852163


@pytest.mark.parametrize("at", [2**64 - 1, 2**40])
def test_a_time_that_no_calendar_has_is_not_believed(at):
    """Neither the page of a receipt nor the nightly verification could tell it."""
    note = NOTE + cosignature("x1.example", KEYS["x1"], NOTE, at)
    with pytest.raises(BadNote, match="in no year"):
        Policy.parse(f"{WITNESSES}quorum x1").signers(note)


def test_a_strangers_line_counts_for_nobody():
    policy = Policy.parse(TWO_OF_THREE_AND_ONE)
    stranger = cosignature("x1.example", Ed25519PrivateKey.generate(), NOTE, 1)
    assert policy.signers(NOTE + stranger) == {}
    known = [LOG.verifier, verifier("x2")]
    mine = cosignature("x2.example", KEYS["x2"], NOTE, 1)
    assert Note.parse(NOTE + stranger + mine).of_only(known) == NOTE + mine


def test_a_witness_that_signed_something_else_is_not_believed():
    policy = Policy.parse(TWO_OF_THREE_AND_ONE)
    note = NOTE + cosignature("x1.example", KEYS["x1"], NOTE, 1)
    with pytest.raises(BadNote, match="does not fit"):
        policy.signers(note.replace("20852163", "20852164"))
