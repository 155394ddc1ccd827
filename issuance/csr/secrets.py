"""Private keys in an upload: found before anything else is done with the bytes.

Nothing of the key is kept or shown. Of keys that can be read, and are whole, the hash of
the public half is handed on, so that the key is refused everywhere from now on.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from issuance import tlv
from issuance.csr.kinds import Kind, kind_of_der
from issuance.csr.numbers import PublicKey, are_factors, named_keys
from issuance.csr.reading import File
from issuance.keys import EC_PUBLIC_KEY, RSA_ENCRYPTION, spki_sha256

_LINE = rb"(?m)^[ \t>]*"
_LABEL = rb"[A-Z0-9 _+%]{1,40}?"
_ONE_DASH = rb"(?:\xe2\x80)?[\x93\x94\x96\x97]"
_DASH = rb"(?:(?:-|" + _ONE_DASH + rb"){2} ?|" + _ONE_DASH + rb")"
"""Two hyphens or dashes, in UTF-8 or Windows-1252, before BEGIN and END, or one dash close by.

Without them only capital letters count: mails around a request say "do not send your private key",
and lists in them have items like "- Begin by making a private key".
"""
_SIGNS = [
    (b"PRIVATE", rb"(?<![A-Z])(?:BEGIN|END)" + _LABEL + rb"PRIVATE(?:[ _+-]|%20)?KEY"),
    (b"PRIVATE", rb"(?i)" + _DASH + rb"(?:BEGIN|END)[^\n-]{0,40}PRIVATE(?:[ _+-]|%20)?KEY"),
    (b"PRIVATE", rb"(?i)^Private-Lines:"),
    (b"PUTTY", rb"(?i)PuTTY-User-Key-File-"),
    (b"RSAKEYVALUE", rb"(?i)<(?:\w{1,20}:)?D>"),
    (b"RSAPARAMETERS", rb"(?i)<D>"),
    (b"INVERSEQ", rb"\"D\"\s{0,9}:\s{0,9}\"[\w+/]"),
    (b"PRIV", _LINE + rb"(?:private ?[Ee]xponent|priv):\s*$"),
    (b"PRIVATEKEY", rb"^PrivateKey ?= ?[A-Za-z0-9+/]{43}="),
    (b"AGE-SECRET", rb"AGE-SECRET-KEY-1"),
    (b"KTY", rb"[\"']d[\"']\s{0,9}:\s{0,9}[\"'][\w-]"),
    (b"KTY:", _LINE + rb"(?:- )?d: ?[\"']?[\w-]{20}"),
]
_COMPILED = [(hint, re.compile(pattern, re.MULTILINE)) for hint, pattern in _SIGNS]
"""What a text with a private key has in it, with a quick test in capital letters before each."""

_SECRET_KINDS = frozenset({Kind.PRIVATE_KEY, Kind.PKCS12})
_MOST_KEYS, _LARGEST_KEY = 10, 16 * 1024


def holds_private_key(file: File) -> bool:
    """Whether the file holds a private key in any common form, encrypted ones included."""
    return any(map(_is_or_has_key, layers(file)))


def layers(file: File) -> Iterator[File]:
    """The file, then what is packed or encoded in it, and so on."""
    yield file
    for inner in file.inside:
        yield from layers(inner)


def _is_or_has_key(layer: File) -> bool:
    if layer.kind in _SECRET_KINDS or _is_microsoft_key(layer.data):
        return True
    if layer.kind is Kind.JKS:
        return _java_store_has_key(layer.data)
    if _BEGINNING.search(layer.data) or any(True for _ in _in_octets(layer)):
        return True
    if layer.root and not layer.text:  # no text in it, so none with a key
        return False
    texts = [layer.data, layer.text.encode(errors="replace")] if layer.repaired else [layer.data]
    return any(pattern.search(text) for text in texts for pattern in _hinted(text))


def _is_microsoft_key(data: bytes) -> bool:
    """PVK files, and the PRIVATEKEYBLOB of CryptoAPI with its magic "RSA2" or "DSS2"."""
    blob = data.startswith(b"\x07\x02\0\0") and data[8:12] in (b"RSA2", b"DSS2")
    return blob or data.startswith(b"\x1e\xf1\xb5\xb0")


def _java_store_has_key(data: bytes) -> bool:
    """Whether an entry of a Java key store is a key (tag 1 or 3) and no trusted certificate (2)."""
    at = 12
    while data[at : at + 4] == b"\0\0\0\x02":
        at += 4
        at += 2 + int.from_bytes(data[at : at + 2]) + 8  # alias, date
        at += 2 + int.from_bytes(data[at : at + 2])  # kind of certificate
        at += 4 + int.from_bytes(data[at : at + 4])
    return data[at : at + 4] in (b"\0\0\0\x01", b"\0\0\0\x03")


_OPENINGS = [
    re.compile(rb"\x02\x01[\x00\x01\x03][\x02\x04\x30]"),
    re.compile(rb"\x2a\x86H\x86\xf7\r\x01[\x05\x0c]"),
]
"""How private keys in DER begin: version 0 or 1, PKCS#12's 3, or an algorithm of PKCS#5 or #12."""
_MOST_OPENINGS, _LONGEST_HEAD = 50, 12
_BEGINNING = re.compile(
    rb"(?s)\x30(?:[\x20-\x7f]|\x81.|\x82..)\x02\x01"
    rb"(?:\x00\x30[\x05-\x1f]\x06.{3,28}\x04[\x20-\x82]|\x00\x02[\x81\x82]|\x01\x04[\x20\x30]).{20}"
)
"""The beginning of PKCS#8, PKCS#1 and SEC 1, if the end of the key has been lost."""


def _in_octets(file: File) -> Iterator[bytes]:
    """Private keys in DER anywhere in the octets, such as before, after and inside a request."""
    passed = file.root.children()[0].children()[0].end if file.root else 0  # its own version
    for pattern in _OPENINGS:
        for match in islice(pattern.finditer(file.data, passed), _MOST_OPENINGS):
            if match.start() < passed or not (der := _around(file.data, match.start())):
                continue
            if kind_of_der(der) is Kind.PRIVATE_KEY:  # what stands inside PKCS#8 is the same key
                passed = match.start() + len(der) - _LONGEST_HEAD
            yield der


def _around(data: bytes, inside: int) -> bytes:
    for start in range(max(inside - _LONGEST_HEAD, 0), inside):
        if data[start] == tlv.SEQUENCE:
            rest = data[start : start + _LARGEST_KEY]
            der = tlv.leading(rest) or rest
            if kind_of_der(der) in _SECRET_KINDS:
                return der
    return b""


def _hinted(text: bytes) -> Iterator[re.Pattern[bytes]]:
    upper = text.upper()
    return (pattern for hint, pattern in _COMPILED if hint in upper)


def leaked_hashes(file: File) -> list[str]:
    """SPKI hashes (hex) of the private keys in the file that can be read without a password.

    A key is only believed if its parts belong together: else anybody could have a stranger's
    key blocked, and its certificate revoked, by sending the public half with an invented rest.
    """
    halves = [_public_half(der) for der in _keys_in_der(file)]
    halves += named_keys(layer.text for layer in layers(file) if layer.text)
    der, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    hashes = [spki_sha256(half.public_bytes(der, form)) for half in halves if half]
    return list(dict.fromkeys(hashes))


def _keys_in_der(file: File) -> list[bytes]:
    whole = (der for layer in layers(file) for der in _keys_in(layer))
    return list(dict.fromkeys(islice(whole, _MOST_KEYS * 2)))[:_MOST_KEYS]


def _keys_in(layer: File) -> Iterator[bytes]:
    if layer.kind is Kind.PRIVATE_KEY and len(layer.data) <= _LARGEST_KEY:
        yield layer.data
    yield from islice(_in_octets(layer), _MOST_KEYS)


# Libraries test primes, or compute the public half of DSA and DH keys, with numbers as large as the
# sender likes: 4 s for RSA 8192. So they only take apart here, and only keys that are certified.
_UNTESTED = {"unsafe_skip_rsa_key_validation": True}


def _public_half(der: bytes) -> PublicKey | None:
    """Its public half, if the factors prove it; curve points are computed anew."""
    with suppress(Exception):  # with a password, or spoilt: libraries raise all sorts of things
        key = _load_openssh(der) if der.startswith(b"openssh") else _load(der)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            scalar = key.private_numbers().private_value
            return ec.derive_private_key(scalar, key.curve).public_key()
        if isinstance(key, rsa.RSAPrivateKey):
            numbers, public = key.private_numbers(), key.public_key()
            if are_factors(numbers.p, numbers.q, public.public_numbers().n):
                return public
    return None


def _load(der: bytes) -> Any:
    if _other_algorithm(der):
        return None
    return serialization.load_der_private_key(der, None, **_UNTESTED)


def _other_algorithm(der: bytes) -> bool:
    """Whether PKCS#8 (RFC 5958) names another algorithm than RSA and elliptic curves."""
    _version, algorithm, *_ = tlv.read(der).expect(tlv.SEQUENCE).children()
    if algorithm.tag != tlv.SEQUENCE:
        return False
    return tlv.object_identifier(algorithm.children()[0]) not in (RSA_ENCRYPTION, EC_PUBLIC_KEY)


def _load_openssh(content: bytes) -> Any:
    if not (b"ssh-rsa" in content or b"ecdsa-sha2-" in content):
        return None
    label = b"OPENSSH PRIVATE KEY-----\n"
    pem = b"-----BEGIN " + label + base64.encodebytes(content) + b"-----END " + label
    return serialization.load_ssh_private_key(pem, None, **_UNTESTED)
