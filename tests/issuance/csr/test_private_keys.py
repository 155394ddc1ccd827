"""Private keys in an upload: refused first, kept nowhere, and the key blocked if it is real."""

import base64
import gzip
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from issuance.csr import Report, examine
from issuance.der import read
from issuance.der.write import integer, sequence, tlv
from issuance.keys.policy import spki_sha256
from tests.issuance.csr.builder import (
    GOOD,
    UTF8,
    ec_key,
    extension,
    oid,
    pem,
    request,
    rsa_key,
    rsa_key_with,
    spki_of,
)
from tests.issuance.csr.private_keys import (
    LOCKED,
    PLAIN,
    SSH,
    TRADITIONAL,
    dump,
    jwk,
    mailed,
    octets,
    putty,
    putty_rsa,
    xml,
    zipped,
)

CSR = pem(GOOD.der()).encode()
_POINT = PublicFormat.UncompressedPoint


def assert_refused(report: Report, data: bytes) -> None:
    assert report.contains_private_key
    assert not report.accepted
    assert report.csr is None
    assert report.reasons[0] == "private-key-included"
    stored = json.dumps(report.to_json())
    assert base64.b64encode(data)[:40].decode() not in stored
    lines = data.decode("latin-1").splitlines()
    assert not any(line in stored for line in lines if len(line) == 64)


TRUSTED = (
    b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x02\0\0\0\x02\0\x01a" + bytes(8) + b"\0\x05X.509\0\0\0\x02ab"
)
"""A Java key store as far as its first entry, which is a trusted certificate."""


BAG = b"Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n"
"""What OpenSSL writes before a key that it takes out of PKCS#12."""

READABLE = {
    "pkcs8": dump(rsa_key()),
    "pkcs1": dump(rsa_key(), form=TRADITIONAL),
    "sec1": dump(ec_key(), form=TRADITIONAL),
    "ec-pkcs8": dump(ec_key()),
    "openssh": dump(ec_key(), form=SSH),
    "lower-case": dump(rsa_key()).replace(b"PRIVATE KEY", b"private key"),
    "json": dump(rsa_key()).replace(b"\n", b"\\n"),
    "word": dump(rsa_key()).replace(b"-----", "—".encode() * 3),
    "bare": base64.b64encode(dump(rsa_key(), Encoding.DER)),
    "bare-ec": base64.encodebytes(dump(ec_key(), Encoding.DER)),
    "der": dump(rsa_key(), Encoding.DER),
    "der-pkcs1": dump(rsa_key(), Encoding.DER, TRADITIONAL),
    "der-sec1": dump(ec_key(), Encoding.DER, TRADITIONAL),
    "pkcs12-open": pkcs12.serialize_key_and_certificates(None, ec_key(), None, None, PLAIN),
    "kubernetes": base64.b64encode(dump(rsa_key())),
    "kubernetes-bag": base64.b64encode(BAG + dump(rsa_key())),
    "zip": zipped(key=dump(rsa_key()), csr=CSR),
    "zip-in-zip": zipped(inner=zipped(key=dump(rsa_key(), Encoding.DER))),
    "zip-store": zipped(
        text=base64.b64encode(
            pkcs12.serialize_key_and_certificates(None, ec_key(), None, None, PLAIN)
        )
    ),
    "gzip": gzip.compress(dump(rsa_key())),
    "mail": mailed(BAG + dump(rsa_key())),
    "mail-zip": mailed(zipped(key=dump(rsa_key()))),
    "json-bare": json.dumps(
        {"key": base64.encodebytes(dump(rsa_key(), Encoding.DER)).decode()}
    ).encode(),
    "json-slashes": json.dumps({"key": base64.b64encode(dump(rsa_key(), Encoding.DER)).decode()})
    .replace("/", "\\/")
    .replace("+", "\\u002B")
    .encode(),
    "url-safe": base64.urlsafe_b64encode(dump(rsa_key(), Encoding.DER)),
    "twice": base64.b64encode(base64.b64encode(dump(rsa_key()))),
    "hex": dump(rsa_key(), Encoding.DER).hex(":").encode(),
    "openssh-mislabelled": dump(ec_key(), form=SSH).replace(b"OPENSSH PRIVATE KEY", b"CERTIFICATE"),
    "bare-pkcs12": base64.encodebytes(
        pkcs12.serialize_key_and_certificates(None, ec_key(), None, None, PLAIN)
    ),
    "jwk-rsa": json.dumps({"keys": [jwk(rsa_key())]}).encode(),
    "jwk-ec": json.dumps(jwk(ec_key()), indent=2).encode(),
    "jwk-base64": base64.b64encode(json.dumps(jwk(rsa_key())).encode()),
    "xml-whole": xml(rsa_key()),
    "putty-rsa": putty_rsa(rsa_key()),
    "putty-ec": putty(
        "ecdsa-sha2-nistp256",
        [b"nistp256", b"\x04"],
        [octets(ec_key().private_numbers().private_value)],
    ),
    "openssh-bare": b"".join(dump(ec_key(), form=SSH).splitlines()[1:-1]),
}
OF_EC = {
    *("sec1", "ec-pkcs8", "openssh", "der-sec1", "bare-ec", "pkcs12-open", "zip-store"),
    *("jwk-ec", "putty-ec", "bare-pkcs12", "openssh-bare", "openssh-mislabelled"),
}
HIDDEN = {
    "garbage-first": b"\xff\xfe\xfd" + dump(rsa_key()),
    "encrypted": dump(rsa_key(), lock=LOCKED),
    "encrypted-der": dump(rsa_key(), Encoding.DER, lock=LOCKED),
    "encrypted-old": dump(rsa_key(), form=TRADITIONAL, lock=LOCKED),
    "pkcs12": pkcs12.serialize_key_and_certificates(None, rsa_key(), None, None, LOCKED),
    "ed25519": dump(ed25519.Ed25519PrivateKey.generate()),
    "dsa": dump(dsa.generate_private_key(1024), Encoding.DER, TRADITIONAL),
    "putty": b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n",
    "jwk": b'{"kty": "RSA", "n": "AQ", "e": "AQAB", "d": "AQ"}',
    "xml": b"<RSAKeyValue><Modulus>AQ==</Modulus><D>AQ==</D></RSAKeyValue>",
    "java": b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01\0\0\0\x01" + bytes(40),
    "java-later": TRUSTED + b"\0\0\0\x01" + bytes(40),
    "java-secret": b"\xce\xce\xce\xce\0\0\0\x02\0\0\0\x01\0\0\0\x03" + bytes(40),
    "pvk": b"\x1e\xf1\xb5\xb0" + bytes(40),
    "cryptoapi": b"\x07\x02\0\0\0\xa4\0\0RSA2" + bytes(40),
    "text": b"RSA Private-Key: (2048 bit, 2 primes)\nprivateExponent:\n    00:aa\n",
    "pgp": b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nabc\n",
    "ssh2": b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nabc\n",
    "broken-begin": b"----BEGIN RSA PRIVATE KEY---\nMIIE\n",
    "url": dump(rsa_key()).replace(b" ", b"%20").replace(b"\n", b"%0A"),
    "zip-pkcs12": zipped(
        store=pkcs12.serialize_key_and_certificates(None, rsa_key(), None, None, LOCKED)
    ),
    "kubernetes-java": b"store.jks: " + base64.b64encode(TRUSTED + b"\0\0\0\x01" + bytes(40)),
    "jwk-yaml": b"kty: RSA\nn: AQ\ne: AQAB\nd: bWFsbGlzYWlyYWFsYW4tYXZhaW4\n",
    "jwk-python": b"{'kty': 'RSA', 'n': 'AQ', 'e': 'AQAB', 'd': 'AQ'}",
    "xml-prefixed": b"<ds:RSAKeyValue><ds:Modulus>AQ==</ds:Modulus><ds:D>AQ==</ds:D>",
    "xml-parameters": b"<RSAParameters><Modulus>AQ==</Modulus><D>AQ==</D></RSAParameters>",
    "json-parameters": b'{"D": "AQ==", "DP": "AQ==", "InverseQ": "AQ==", "Modulus": "AQ=="}',
    "text-quoted": b"> RSA Private-Key: (2048 bit)\n> privateExponent:\n>     00:aa\n",
    "text-gnutls": b"modulus:\n\t00:aa\n\nprivate exponent:\n\t00:aa\n",
    "end-lost": b"\n".join(dump(rsa_key()).splitlines()[1:-4]),
    "end-lost-pkcs1": b"\n".join(dump(rsa_key(), form=TRADITIONAL).splitlines()[1:-4]),
    "end-lost-sec1": b"\n".join(dump(ec_key(), form=TRADITIONAL).splitlines()[1:-2]),
    "no-dashes": dump(rsa_key(), form=TRADITIONAL, lock=LOCKED).replace(b"-----", b""),
    "en-dashes": dump(rsa_key(), form=TRADITIONAL, lock=LOCKED)
    .decode()
    .lower()
    .replace("-----", "–– ")
    .encode(),
    "no-begin": b"MIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n",
    "jwk-escaped": json.dumps('{"kty": "RSA", "n": "AQ", "d": "AQ"}').encode(),
    "jwk-percent": b"%7B%22kty%22%3A%22RSA%22%2C%22d%22%3A%22AQ%22%7D",
    "jwk-word": "{”kty”: ”RSA”, ”d”: ”AQ”}".encode(),
    "jwk-html": b"{&quot;kty&quot;: &quot;RSA&quot;, &quot;d&quot;: &quot;AQ&quot;}",
    "xml-html": b"&lt;RSAKeyValue&gt;&lt;D&gt;AQ==&lt;/D&gt;&lt;/RSAKeyValue&gt;",
    "hex-pem": dump(ed25519.Ed25519PrivateKey.generate()).hex().encode(),
    "hex-ed448": dump(ed448.Ed448PrivateKey.generate(), Encoding.DER).hex().encode(),
    "utf-16-after": CSR + dump(rsa_key()).decode().encode("utf-16-le"),
}


@pytest.mark.parametrize("form", [*READABLE, *HIDDEN])
def test_a_private_key_is_refused_in_any_form(form: str) -> None:
    data = {**READABLE, **HIDDEN}[form]
    assert_refused(examine(data), data)


@pytest.mark.parametrize(
    "form",
    [
        "pkcs8",
        "pkcs1",
        "sec1",
        "openssh",
        "encrypted",
        "jwk",
        "putty",
        "bare",
        "bare-ec",
        "der",
        "der-pkcs1",
        "der-sec1",
        "encrypted-der",
        "dsa",
        "kubernetes",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_private_key_beside_a_request_is_refused(form: str, *, before: bool) -> None:
    key = {**READABLE, **HIDDEN}[form]
    data = key + CSR if before else CSR + key
    assert_refused(examine(data), key)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_private_key_in_utf_16_is_refused(codec: str) -> None:
    data = (CSR + READABLE["pkcs8"]).decode().encode(codec)
    assert examine(data).contains_private_key


def test_a_key_in_der_after_a_request_in_der_is_refused() -> None:
    assert examine(GOOD.der() + READABLE["der"]).contains_private_key
    assert examine(READABLE["der"] + GOOD.der()).contains_private_key


def test_a_key_inside_a_request_is_refused() -> None:
    data = request(extensions=(extension("1.2.3.4", READABLE["der-sec1"]),))
    for form in (data, pem(data).encode()):
        assert examine(form).leaked_spki_sha256 == [spki_sha256(spki_of(ec_key()))]


def test_a_key_in_base64_inside_a_request_is_refused() -> None:
    password = sequence(oid("1.2.840.113549.1.9.7"), tlv(0x31, tlv(UTF8, READABLE["bare-ec"])))
    data = request(attributes=(password,))
    for form in (data, pem(data).encode()):
        assert examine(form).leaked_spki_sha256 == [spki_sha256(spki_of(ec_key()))]


def test_a_key_in_base64_after_a_character_of_base64_inside_a_request_is_refused() -> None:
    """The length before it is 0x758, which ends in an X; a key takes 1,616 to 1,632 bytes."""
    key = base64.b64encode(dump(rsa.generate_private_key(65537, 2048), Encoding.DER))
    attribute = tlv(UTF8, key.ljust(0x758))
    assert b"XMII" in attribute
    data = request(attributes=(sequence(oid("1.2.840.113549.1.9.7"), tlv(0x31, attribute)),))
    for form in (data, pem(data).encode()):
        assert_refused(examine(form), key)


def test_an_archive_is_unpacked_within_bounds() -> None:
    data = zipped(zeros=bytes(10_000_000), key=READABLE["pkcs8"])
    assert_refused(examine(data), READABLE["pkcs8"])
    assert examine(zipped(zeros=bytes(60_000_000))).reasons == ["not-a-csr"]


def test_a_store_of_trusted_certificates_holds_no_private_key() -> None:
    report = examine(TRUSTED + bytes(20))
    assert not report.contains_private_key
    assert report.reasons == ["not-a-csr"]


def test_a_key_in_a_file_that_is_too_large_is_refused_as_a_key() -> None:
    assert examine(READABLE["pkcs8"] + b"\n" * 200_000).reasons == ["private-key-included"]


@pytest.mark.parametrize("form", READABLE)
def test_the_key_of_a_readable_file_is_named_by_its_public_hash(form: str) -> None:
    key = ec_key() if form in OF_EC else rsa_key()
    assert examine(READABLE[form]).leaked_spki_sha256 == [spki_sha256(spki_of(key))]


def test_a_key_of_an_unusual_exponent_is_named_with_the_usual_one_too() -> None:
    """Its primes, which the file shows, give the private key for both."""
    key = rsa_key_with(65539)
    usual = spki_sha256(spki_of(rsa_key()))
    assert examine(dump(key)).leaked_spki_sha256 == [spki_sha256(spki_of(key)), usual]


def test_a_key_for_rsassa_pss_is_named_as_the_key_that_it_is() -> None:
    plain = rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    version, _algorithm, numbers = read.read(plain).children()
    pss = sequence(version.encoded, sequence(oid("1.2.840.113549.1.1.10")), numbers.encoded)
    report = examine(pem(pss, "PRIVATE KEY").encode())
    assert report.leaked_spki_sha256 == [spki_sha256(spki_of(rsa_key()))]


@pytest.mark.parametrize("form", HIDDEN)
def test_no_hash_is_claimed_for_a_key_that_cannot_be_read(form: str) -> None:
    assert examine(HIDDEN[form]).leaked_spki_sha256 == []


def test_a_strangers_modulus_with_invented_secrets_blocks_nobody() -> None:
    stranger = rsa_key().public_key().public_numbers()
    numbers = [0, stranger.n, 65537, 3, 5, 7, 1, 1, 1]
    forged = sequence(*(integer(number) for number in numbers))
    report = examine(pem(forged, "RSA PRIVATE KEY").encode())
    assert report.contains_private_key
    assert report.leaked_spki_sha256 == []


def test_a_spoilt_key_is_refused_as_a_key_all_the_same() -> None:
    point = ec_key().public_key().public_bytes(Encoding.X962, _POINT)
    spoilt = base64.b64decode(b"".join(dump(ec_key(), form=SSH).splitlines()[1:-1]))
    spoilt = spoilt.replace(point, b"\x02" + point[1:])
    data = pem(spoilt, "OPENSSH PRIVATE KEY").encode() + READABLE["pkcs8"]
    assert_refused(examine(data), data)
    assert examine(data).leaked_spki_sha256 == [spki_sha256(spki_of(rsa_key()))]


def test_a_strangers_modulus_in_a_json_web_key_blocks_nobody() -> None:
    stranger = jwk(rsa_key())
    for factors in ({"p": "AQ", "q": stranger["n"]}, {"p": "Aw", "q": "BQ"}, {"p": "A", "q": ""}):
        report = examine(json.dumps(stranger | factors).encode())
        assert report.contains_private_key
        assert report.leaked_spki_sha256 == []


def test_one_and_the_modulus_are_no_factors() -> None:
    stranger = rsa_key().public_key().public_numbers()
    for factors in ((1, stranger.n), (stranger.n, 1)):
        forged = sequence(*map(integer, (0, stranger.n, 65537, 3, *factors, 1, 1, 1)))
        assert examine(forged).leaked_spki_sha256 == []


def test_a_key_of_another_algorithm_is_refused_and_not_computed_with() -> None:
    agreement = sequence(oid("1.2.840.113549.1.3.1"), sequence(integer(23), integer(5)))
    report = examine(sequence(integer(0), agreement, tlv(0x04, integer(7))))
    assert report.contains_private_key
    assert report.leaked_spki_sha256 == []


def test_a_strangers_point_with_an_own_scalar_blocks_the_own_key_only() -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    der = dump(own, Encoding.DER, TRADITIONAL)
    mine = own.public_key().public_bytes(Encoding.X962, _POINT)
    theirs = ec_key().public_key().public_bytes(Encoding.X962, _POINT)
    report = examine(der.replace(mine, theirs))
    assert spki_sha256(spki_of(ec_key())) not in report.leaked_spki_sha256


@pytest.mark.parametrize(
    "words",
    [
        "Send the request, never the private key.",
        "DO NOT SEND YOUR PRIVATE KEY!",
        "In the end your private key stays with you.",
        "Begin: make a private key. We recommend private key rotation.",
    ],
)
def test_a_mail_that_speaks_of_private_keys_holds_none(words: str) -> None:
    assert examine(words.encode() + b"\n\n" + CSR).accepted


def test_public_keys_and_words_about_keys_are_no_private_keys() -> None:
    for data in (b"my private key is safe", pem(spki_of(rsa_key()), "PUBLIC KEY").encode(), CSR):
        assert not examine(data).contains_private_key
