"""A private key in a field, in the forms in which people paste one; and texts that are none."""

import base64
import html
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from django import forms

from certportal.foundation.text import private_keys_in_text
from certportal.foundation.text.private_keys_in_text import shows_private_key
from certportal.foundation.web import forms as own
from tests.issuance.csr.builder import ec_key, rsa_key, spki_of
from tests.issuance.csr.private_keys import LOCKED, PKCS8, TRADITIONAL, dump

MAKERS: dict[str, Callable[[], Any]] = {
    "P-256": ec_key,
    "P-521": partial(ec_key, "P-521"),
    "RSA 1024": partial(rsa_key, 1024),
    "RSA 2048": rsa_key,
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
}


class Answer(own.Form):
    """A field in which people write what they want."""

    about = forms.CharField(label="About", widget=forms.Textarea)


def is_refused(text: str) -> bool:
    """Whether the form refuses the text; then it does not show it again."""
    form = Answer({"about": text})
    assert form.is_valid() or form.data["about"] == ""
    return not form.is_valid()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "words",
    [
        *["END USER PRIVATE KEY PROTECTION", "BEGINNING OF THE PRIVATE KEY LIFE CYCLE"],
        *["ADDENDUM PRIVATE KEY", "-- End of instructions on private key"],
        *["——— Begin with private key generation", "- - - END OF PRIVATE KEY POLICY"],
        *["END OF PRIVATE KEY", "— End user private key", "--END-USER PRIVATE KEY--"],
        *["– Begin private key generation", "--- Begin private key ceremony ---"],
        *["6.2 PRIVATE KEY PROTECTION", "END PRIVATE KEY USAGE PERIOD", "BEGIN A PRIVATE KEY"],
        *[
            "DO NOT SEND YOUR PRIVATE KEY!",
            "THE END ENTITY PRIVATE KEY",
            "BEGIN: MAKE A PRIVATE KEY",
        ],
        *["MAKSETTU LASKU MIELELLÄÄN " * 20, "MIIETIN MIKÄ MIISSÄ " * 20, "3082 " * 60],
    ],
)
def test_headings_and_lists_about_private_keys_are_none(words: str) -> None:
    """As in a certificate policy (RFC 3647), or in instructions."""
    for text in (words, words.lower(), f"Ensin.\n{words}\nSitten.", f"* {words}:"):
        assert not is_refused(text), text


WAYS = {
    "base64": lambda der: b64(der),
    "base64url": lambda der: base64.urlsafe_b64encode(der).decode(),
    "after a letter": lambda der: f"avain{b64(der)}",
    "after a slash": lambda der: f"avain/{b64(der)}",
    "short lines": lambda der: "\n".join(re.findall(".{1,20}", b64(der))),
    "quoted mail": lambda der: "> " + "\n> ".join(re.findall(".{1,64}", b64(der))),
    "base64 twice": lambda der: b64(b64(der).encode()),
    "hexadecimal": lambda der: f"Avain: {der.hex()}",
    "hexadecimal, colons": lambda der: der.hex(":").upper(),
    "hexadecimal, dashes": lambda der: der.hex("-").upper(),
    "array of C": lambda der: "{" + ", ".join(f"0x{octet:02X}" for octet in der) + "}",
    "string of C": lambda der: '"' + "".join(rf"\x{octet:02x}" for octet in der) + '"',
    "json": lambda der: json.dumps({"key": base64.encodebytes(der).decode()}),
    "json in json": lambda der: json.dumps(json.dumps({"key": base64.encodebytes(der).decode()})),
    "percent": lambda der: quote(b64(der), safe=""),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_private_key_in_der_is_known_by_its_structure(kind: str) -> None:
    key = MAKERS[kind]()
    ders = [dump(key, Encoding.DER, PKCS8), dump(key, Encoding.DER, PKCS8, LOCKED)]
    if not kind.startswith("Ed"):
        ders.append(dump(key, Encoding.DER, TRADITIONAL))
    for way, written in WAYS.items():
        assert all(is_refused(written(der)) for der in ders), way
        assert not is_refused(written(spki_of(key))), way


PBES1 = bytes.fromhex("308204a3301c060a2a864886f70d010c0103300e0408") + bytes(8) + b"\2\2\x08\0"
WITH_PUBLIC = bytes.fromhex("3051020101300506032b657004220420") + bytes(range(32))
STORE = bytes.fromhex("feedfeed00000002000000010000000100000001") + bytes(60)
JWK = '{"kty": "EC", "crv": "P-256", "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}'


@pytest.mark.parametrize(
    "text",
    [
        b64(PBES1 + b"\x04\x82\x04\x81" + bytes(99)),
        b64(WITH_PUBLIC),
        b64(STORE),
        json.dumps(JWK),
        json.dumps(json.dumps(JWK)),
        quote(JWK),
        JWK.replace('"', "”"),
        JWK.replace('"', "’"),
        html.escape(JWK),
        b64(JWK.encode()),
        "&lt;RSAKeyValue&gt;&lt;D&gt;AQ==&lt;/D&gt;",
        "BEGIN RSA PRIVATE KEY\nProc-Type: 4,ENCRYPTED",
        f"BEGIN RSA PRIVATE KEY Proc-Type: 4,ENCRYPTED {'aB3d' * 16} END RSA PRIVATE KEY",
        "-----BEGIN NEBULA ED25519 PRIVATE KEY-----",
        "-----BEGIN JOKIN MUU PRIVATE KEY-----",
        *[f"-----BEGIN PRI{blank}VATE KEY-----" for blank in "\u200b\u2800\u3164\uffa0"],
        dump(ec_key()).hex(),
    ],
)
def test_a_private_key_is_known_as_programs_and_word_processors_write_it(text: str) -> None:
    """Encrypted by PBES1, with its public half, in a key store, as JSON in JSON, in Word."""
    assert is_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hoitohenkilöstön varmenteet tilataan yksikölle, private key pysyy palvelimella. " * 130,
        "Mitä ”tarkoittaa” %20 &amp; =C3 \\n “private key”? " * 220,
        "MAKSETAAN MIELELLÄÄN 30.8.2026 " * 330,
        b64(bytes(range(256)) * 30),
        (bytes(range(256)) * 20).hex(),
        *[
            "&#" + "9" * 10_000 + ";",
            "&" * 10_000,
            "\\" * 10_000,
            "-" * 10_000,
            "BEGIN RSA " * 1_000,
            "﷽ﷺ" * 3_000,
        ],
    ],
)
def test_a_long_text_without_a_key_has_none(text: str) -> None:
    """A pattern that read it again from each of its characters would take hours."""
    assert not shows_private_key(text * 40)


def test_no_character_becomes_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of one would take a second of a process, from anybody and in any field."""
    read: list[int] = []
    monkeypatch.setattr(
        private_keys_in_text, "_has_sign", lambda text: read.append(len(text)) or False
    )
    assert not shows_private_key("ﷺ" * 1_000)
    assert set(read) == {3_000}


def test_of_very_many_words_the_first_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    monkeypatch.setattr(
        private_keys_in_text, "_holds_key", lambda data: decoded.append(data) or False
    )
    assert not shows_private_key(("A" * 32 + " !") * 10_000)
    assert len(decoded) == private_keys_in_text._MOST


@pytest.mark.parametrize(
    "der",
    [
        "30820100 020103 300d06092a864886f70d01010b0500 3020310b300906035504061302464931",
        "308180 020100 307b 06092a864886f70d010701 301d0609608648016503040102",
        "30820100 020101 303c 06072a8648ce3d0101 3031020101 3006",
        "30820100 020101 300d 06092a864886f70d01010b",
    ],
    ids=["certificate of version 1", "encrypted content", "request with a curve, cut", "CRL, cut"],
)
def test_what_begins_like_a_private_key_and_is_none(der: str) -> None:
    octets = bytes.fromhex(der)
    for text in (octets.hex(), octets.hex(":"), b64(octets), b64(octets).replace("\n", "\\n")):
        assert not is_refused(text), text
