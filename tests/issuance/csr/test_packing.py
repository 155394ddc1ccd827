"""Private keys and requests among other words and files, however they are packed or encoded."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from issuance.csr import examine
from issuance.keys.policy import spki_sha256
from tests.issuance.csr.builder import GOOD, ec_key, pem, rsa_key, spki_of
from tests.issuance.csr.private_keys import PKCS8, TRADITIONAL, dump, jwk, zipped

CSR = pem(GOOD.der()).encode()
PKCS8_DER = dump(ec_key(), Encoding.DER, PKCS8)
SEC1_DER = dump(ec_key(), Encoding.DER, TRADITIONAL)
BARE = base64.encodebytes(PKCS8_DER)
REQUEST = base64.encodebytes(GOOD.der())


def in_columns(data: bytes, columns: int) -> bytes:
    text = base64.b64encode(data)
    return b"\n".join(text[at : at + columns] for at in range(0, len(text), columns))


def dashed() -> bytes:
    """A key whose base64 for URLs has a hyphen, and no underscore."""
    while True:
        der = dump(ed25519.Ed25519PrivateKey.generate(), Encoding.DER)
        text = base64.urlsafe_b64encode(der)
        if b"-" in text[1:-1].replace(b"--", b"") and b"_" not in text:
            return text


OF_EC = {
    "after-a-word-and-a-blank-line": b"Avain sairaanhoitopiiri\n\n" + BARE,
    "after-a-word": b"Avain sairaanhoitopiiri\n" + BARE,
    "after-a-word-in-a-quoted-mail": b"> Avain sairaanhoitopiiri\r\n> \r\n> "
    + BARE.replace(b"\n", b"\r\n> "),
    "after-a-word-as-pem-in-base64": b"tls.key sairaanhoitopiiri\n"
    + base64.encodebytes(dump(ec_key())),
    "after-another-object": REQUEST.replace(b"=", b"") + b"\n" + BARE,
    "with-blank-lines-between": BARE.replace(b"\n", b"\n\n"),
    "after-many-words": b"sairaanhoitopiirille / " * 80 + b"\n" + BARE,
    "in-hexadecimal-digits-with-blanks": SEC1_DER.hex(" ").encode(),
    "in-hexadecimal-digits-with-blanks-pkcs8": PKCS8_DER.hex(" ").encode(),
    "in-24-columns": in_columns(PKCS8_DER, 24),
    "after-large-files-in-an-archive": zipped(
        **{str(number): bytes([number]) * 300_000 for number in range(5)}, key=dump(ec_key())
    ),
}


@pytest.mark.parametrize("form", OF_EC)
def test_a_key_is_found_wherever_it_stands(form: str) -> None:
    report = examine(OF_EC[form])
    assert report.contains_private_key
    assert report.leaked_spki_sha256 == [spki_sha256(spki_of(ec_key()))]


def test_a_key_in_base64_for_urls_is_found_by_its_hyphens() -> None:
    assert examine(dashed()).contains_private_key


@pytest.mark.parametrize("between", [b"\n", b"\n\n", b"\r\n\r\n"])
def test_a_request_without_its_lines_is_found_after_a_long_word(between: bytes) -> None:
    report = examine(b"Ohessa CSR, sairaanhoitopiiri" + between + REQUEST)
    assert report.accepted


@pytest.mark.parametrize(
    "words",
    [
        "- Begin by generating a private key\n- Send the request",
        "- End users keep the private key",
        "– Begin by generating a private key",
    ],
)
def test_items_of_a_list_are_no_lines_around_a_key(words: str) -> None:
    assert examine(words.encode() + b"\n\n" + CSR).accepted


@pytest.mark.parametrize("line", ["--begin rsa private key--", "—begin rsa private key"])
def test_lines_around_a_key_may_have_lost_their_form(line: str) -> None:
    assert examine(line.encode() + b"\nabc\n").contains_private_key


def test_a_json_web_key_without_factors_is_proved_by_its_exponent() -> None:
    names = jwk(rsa_key())
    whole = {name: value for name, value in names.items() if name not in ("p", "q")}
    others = [jwk(ec.generate_private_key(ec.SECP256R1())) for _ in range(3)]
    report = examine(json.dumps([*others, whole]).encode())
    assert spki_sha256(spki_of(rsa_key())) in report.leaked_spki_sha256
    for invented in ("AQ", "Aw", names["p"], names["n"]):
        assert examine(json.dumps(whole | {"d": invented}).encode()).leaked_spki_sha256 == []


@pytest.mark.parametrize("as_jwk", [True, False])
def test_ten_keys_of_one_file_are_named(*, as_jwk: bool) -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(10)]
    one_by_one = [json.dumps(jwk(key)).encode() if as_jwk else dump(key) for key in keys]
    report = examine(b"\n".join(one_by_one))
    assert sorted(report.leaked_spki_sha256) == sorted(spki_sha256(spki_of(key)) for key in keys)
