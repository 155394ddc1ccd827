"""Signed notes and tree heads; other people's notes are those of Go's tests and specifications."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certportal.foundation.event_log.notes import (
    BadNote,
    Checkpoint,
    Note,
    Signer,
    Verifier,
)

# From the documentation of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
    "Zb6KE6RyyBwJnAM=\n"
)
HEAD = Checkpoint("log.example.fi/events", 20852163, bytes(range(32)))


@pytest.fixture
def signer():
    return Signer("log.example.fi/events", Ed25519PrivateKey.generate())


def test_the_note_of_another_implementation_is_read():
    peter = Verifier.parse(PETER)
    assert str(peter) == PETER
    assert Note.parse(PETERS_NOTE).signed_at(peter) == 0


def test_a_changed_text_is_not_signed():
    changed = PETERS_NOTE.replace("answer", "reason")
    with pytest.raises(BadNote, match="does not fit"):
        Note.parse(changed).signed_at(Verifier.parse(PETER))


def test_a_head_is_read_as_it_was_signed(signer):
    assert Checkpoint.opened(signer.sign(HEAD.text), signer.verifier) == HEAD


def test_a_head_signed_by_another_key_of_the_same_name_is_refused(signer):
    other = Signer(signer.name, Ed25519PrivateKey.generate())
    with pytest.raises(BadNote, match="has not signed"):
        Checkpoint.opened(other.sign(HEAD.text), signer.verifier)


def test_the_head_of_another_log_is_refused(signer):
    text = Checkpoint("log.example.fi/others", 1, bytes(32)).text
    with pytest.raises(BadNote, match="another log"):
        Checkpoint.opened(signer.sign(text), signer.verifier)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\nno signature\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name not-base64!\n",
        "text\n\n— name x08go/ZJkuBS9UG/SffcvIAQxVBtiFup",
        "te\txt\n\n— name x08go/ZJkuBS9UG/SffcvIAQxVBtiFup\n",
    ],
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(BadNote):
        Note.parse(note)


@pytest.mark.parametrize(
    "text",
    [
        "log\n1\n",
        "log\n01\nAAAA\n",
        "log\n-1\nAAAA\n",
        "log\n1\nAAAA\n",
        f"\n1\n{'A' * 43}=\n",
        f"log\n1\n{'A' * 43}=\n\nmore\n",
    ],
)
def test_what_is_no_head_is_refused(text):
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "key",
    ["", "name", "name+c74f20a3+AAAA", PETER.replace("c74f", "c74e"), PETER.replace("Peter", "P ")],
)
def test_what_is_no_key_is_refused(key):
    with pytest.raises(BadNote):
        Verifier.parse(key)


def test_a_name_with_a_space_makes_no_key():
    with pytest.raises(BadNote):
        _ = Signer("log of events", Ed25519PrivateKey.generate()).verifier
