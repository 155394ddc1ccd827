"""Search for private keys in an upload, before anything else is done with the bytes.

The private key is neither stored nor shown. If it can be read and is complete, the SHA-256 of its
SubjectPublicKeyInfo is reported, so that the key can be blocked.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certportal.foundation.text.private_keys_in_text import shows_private_key
from issuance.csr.bare_keys import bare_keys, is_bare_key, may_hold_numbers, proven
from issuance.csr.kinds import Kind, kind_of_der
from issuance.csr.numbers import PublicKey, are_factors, named_keys
from issuance.csr.reading import File
from issuance.csr.request import spki_in
from issuance.der import read
from issuance.keys import policy

_SECRET_KINDS = frozenset({Kind.PRIVATE_KEY, Kind.PKCS12})
_MOST_KEYS, _LARGEST_KEY = 10, 16 * 1024


def holds_private_key(file: File) -> bool:
    """Whether the file holds a private key in any common form, encrypted or not."""
    if any(map(_is_or_has_key, layers(file))):
        return True
    texts = [layer.text for layer in layers(file) if layer.text and may_hold_numbers(layer.text)]
    if not texts:
        return False
    beside = _public_keys(file)
    return any(True for text in texts for _ in proven(text, beside))


def layers(file: File) -> Iterator[File]:
    """The file, then everything packed, encoded or written as octets in it, recursively."""
    yield file
    for inner in (*file.inside, *file.written):
        yield from layers(inner)


_MOST_BESIDE = 3


def _public_keys(file: File) -> list[policy.Key]:
    """The keys of the requests, certificates and public keys in the file, three at most."""
    ders = [layer.data for layer in layers(file)]
    ders += [block.der for layer in layers(file) for block in layer.blocks if block.der]
    found = (policy.read_key(spki) for der in dict.fromkeys(ders) if (spki := spki_in(der)))
    return list(islice((key for key in found if key.public_key is not None), _MOST_BESIDE))


def _is_or_has_key(layer: File) -> bool:
    if layer.kind in _SECRET_KINDS or _is_microsoft_key(layer.data):
        return True
    if layer.kind is Kind.JKS:
        return _java_store_has_key(layer.data)
    if _BEGINNING.search(layer.data) or any(True for _ in _in_octets(layer)):
        return True
    if layer.root and not layer.text:  # DER without text: no text patterns to search
        return False
    texts = [layer.data, layer.text.encode(errors="replace")] if layer.repaired else [layer.data]
    if any(map(shows_private_key, texts)):
        return True
    return is_bare_key(layer.text)


def _is_microsoft_key(data: bytes) -> bool:
    """PVK files, and the PRIVATEKEYBLOB of CryptoAPI with its magic "RSA2" or "DSS2"."""
    blob = data.startswith(b"\x07\x02\0\0") and data[8:12] in (b"RSA2", b"DSS2")
    return blob or data.startswith(b"\x1e\xf1\xb5\xb0")


def _java_store_has_key(data: bytes) -> bool:
    """Whether a Java key store has a key entry (tag 1 or 3) besides certificates (tag 2)."""
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
"""Start of private keys in DER: version 0, 1 or 3 (PKCS#12), or a PKCS#5 or PKCS#12 algorithm."""
_MOST_OPENINGS, _LONGEST_HEAD = 50, 12
_BEGINNING = re.compile(
    rb"(?s)\x30(?:[\x20-\x7f]|\x81.|\x82..)\x02\x01"
    rb"(?:\x00\x30[\x05-\x1f]\x06.{3,28}\x04[\x20-\x82]|\x00\x02[\x81\x82]|\x01\x04[\x20\x30]).{20}"
)
"""The first octets of PKCS#8, PKCS#1 and SEC 1 keys, to detect truncated keys."""


def _in_octets(file: File) -> Iterator[bytes]:
    """Private keys in DER anywhere in the file: before, after or inside a request."""
    # The version field of the request itself looks like the start of a key.
    passed = file.root.children()[0].children()[0].end if file.root else 0
    for pattern in _OPENINGS:
        for match in islice(pattern.finditer(file.data, passed), _MOST_OPENINGS):
            if match.start() < passed or not (der := _around(file.data, match.start())):
                continue
            if kind_of_der(der) is Kind.PRIVATE_KEY:  # PKCS#8 contains the same key once more
                passed = match.start() + len(der) - _LONGEST_HEAD
            yield der


def _around(data: bytes, inside: int) -> bytes:
    for start in range(max(inside - _LONGEST_HEAD, 0), inside):
        if data[start] == read.SEQUENCE:
            rest = data[start : start + _LARGEST_KEY]
            der = read.leading(rest) or rest
            if kind_of_der(der) in _SECRET_KINDS:
                return der
    return b""


def leaked_hashes(file: File) -> list[str]:
    """SPKI hashes (hex) of the private keys in the file that can be read without a password.

    A key counts only if its private and public parts match. Otherwise anybody could have another
    party's key blocked and its certificate revoked, by sending its public half with an invented
    private one. An RSA key of an unusual exponent is also named with the usual one.
    """
    halves = [_public_half(der) for der in _keys_in_der(file)]
    texts = [layer.text for layer in layers(file) if layer.text]
    halves += named_keys(texts)
    if written := [text for text in texts if may_hold_numbers(text)]:
        halves += islice(bare_keys(written, _public_keys(file)), _MOST_KEYS)
    der, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    keys = (policy.read_key(half.public_bytes(der, form)) for half in halves if half)
    return list(dict.fromkeys(digest for key in keys for digest in policy.hashes_of(key)))


def _keys_in_der(file: File) -> list[bytes]:
    whole = (der for layer in layers(file) for der in _keys_in(layer))
    return list(dict.fromkeys(islice(whole, _MOST_KEYS * 2)))[:_MOST_KEYS]


def _keys_in(layer: File) -> Iterator[bytes]:
    if layer.kind is Kind.PRIVATE_KEY and len(layer.data) <= _LARGEST_KEY:
        yield layer.data
    yield from islice(_in_octets(layer), _MOST_KEYS)


# Key loading normally tests primes, or computes the public half of DSA and DH keys, on numbers of
# the sender's choice: 4 s for RSA 8192. So validation is off, and only RSA and EC keys are loaded.
_UNTESTED = {"unsafe_skip_rsa_key_validation": True}
_LOADED = (policy.RSA_ENCRYPTION, policy.RSASSA_PSS, policy.EC_PUBLIC_KEY)


def _public_half(der: bytes) -> PublicKey | None:
    """The public half: of RSA if p * q is the modulus, of EC computed from the scalar. Or None."""
    with suppress(Exception):  # encrypted or damaged keys raise many exception types
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
    """Whether PKCS#8 (RFC 5958) names an algorithm other than RSA, also for RSASSA-PSS, and EC."""
    _version, algorithm, *_ = read.read(der).expect(read.SEQUENCE).children()
    if algorithm.tag != read.SEQUENCE:
        return False
    return read.object_identifier(algorithm.children()[0]) not in _LOADED


def _load_openssh(content: bytes) -> Any:
    if not (b"ssh-rsa" in content or b"ecdsa-sha2-" in content):
        return None
    label = b"OPENSSH PRIVATE KEY-----\n"
    pem = b"-----BEGIN " + label + base64.encodebytes(content) + b"-----END " + label
    return serialization.load_ssh_private_key(pem, None, **_UNTESTED)
