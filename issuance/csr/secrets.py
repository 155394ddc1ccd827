"""Private keys in an upload: found before anything else is done with the bytes.

Nothing of the key is kept or shown. Of keys that can be read, and are whole, the hash of
the public half is handed on, so that the key is refused everywhere from now on.
"""

import base64
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from issuance import tlv
from issuance.csr.kinds import Kind, kind_of_der
from issuance.csr.pem import Block, blocks_of
from issuance.csr.reading import File
from issuance.keys import spki_sha256

_SIGNS = [
    (b"PRIVATE", rb"(?i)(BEGIN|END)[^\n-]{0,40}PRIVATE(?:[ _+-]|%20)?KEY|^Private-Lines:"),
    (b"PUTTY", rb"(?i)PuTTY-User-Key-File-"),
    (b"RSAKEYVALUE", rb"(?is)<RSAKeyValue>.{0,20000}<D>"),
    (b"PRIV", rb"^privateExponent:|^priv:\s*$|^PrivateKey ?= ?[A-Za-z0-9+/]{43}="),
    (b"AGE-SECRET", rb"AGE-SECRET-KEY-1"),
    (b'"KTY"', rb"\"d\"\s{0,9}:\s{0,9}\"[\w-]"),
]
_COMPILED = [(hint, re.compile(pattern, re.MULTILINE)) for hint, pattern in _SIGNS]
"""What a text with a private key has in it, with a quick test in capital letters before each."""

_SECRET_KINDS = frozenset({Kind.PRIVATE_KEY, Kind.PKCS12})
_MOST_KEYS, _LARGEST_KEY = 3, 16 * 1024


def holds_private_key(file: File) -> bool:
    """Whether the file holds a private key in any common form, encrypted ones included."""
    if file.kind in _SECRET_KINDS or _is_microsoft_key(file.data):
        return True
    if file.kind is Kind.JKS:
        return _java_store_has_key(file.data)
    if any(True for _ in _in_octets(file)) or _says_so(file):
        return True
    return any(block.kind in _SECRET_KINDS for block in file.blocks)


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


def _in_octets(file: File) -> Iterator[bytes]:
    """Private keys in DER anywhere in the octets, such as before, after and inside a request."""
    after = file.root.children()[0].children()[0].end if file.root else 0  # its own version
    for pattern in _OPENINGS:
        for match in islice(pattern.finditer(file.data, after), _MOST_OPENINGS):
            yield from islice(_around(file.data, match.start()), 1)


def _around(data: bytes, inside: int) -> Iterator[bytes]:
    for start in range(max(inside - _LONGEST_HEAD, 0), inside):
        if data[start] == tlv.SEQUENCE:
            rest = data[start : start + _LARGEST_KEY]
            der = tlv.leading(rest) or rest
            if _is_secret(der):
                yield der


def _says_so(file: File) -> bool:
    texts = [file.data, file.text.encode(errors="replace")] if file.repaired else [file.data]
    if any(pattern.search(text) for text in texts for pattern in _hinted(text)):
        return True
    return any(map(_is_secret, file.bare)) or any(map(_may_be_key, _wrapped(file.text)))


def _hinted(text: bytes) -> Iterator[re.Pattern[bytes]]:
    upper = text.upper()
    return (pattern for hint, pattern in _COMPILED if hint in upper)


_WRAPPED = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/\s]+={0,2}")
"""PEM in base64 once more, as Kubernetes keeps it; the beginning says -----BEGIN."""


def _wrapped(text: str) -> Iterator[Block]:
    for match in islice(_WRAPPED.finditer(text), _MOST_KEYS):
        try:
            inner = base64.b64decode(match[0])
        except ValueError:
            continue
        yield from blocks_of(inner.decode("latin-1"))


def _is_secret(der: bytes) -> bool:
    return kind_of_der(der) in _SECRET_KINDS


def leaked_hashes(file: File) -> list[str]:
    """SPKI hashes (hex) of the private keys in the file that can be read without a password.

    A key is only believed if its parts belong together: else anybody could have a stranger's
    key blocked, and its certificate revoked, by sending the public half with an invented rest.
    """
    hashes = [_public_hash(key) for key in _readable_keys(file)]
    return list(dict.fromkeys(digest for digest in hashes if digest))


def _readable_keys(file: File) -> Iterator[Any]:
    blocks = [*file.blocks, *_wrapped(file.text)]
    for block in [block for block in blocks if _may_be_key(block)][:_MOST_KEYS]:
        if "OPENSSH" in block.label.upper():
            yield _load_openssh(block.der)
        else:
            yield _load(block.der)
    yield from map(_load, islice(filter(_is_secret, file.bare), _MOST_KEYS))
    yield from map(_load, islice(_in_octets(file), _MOST_KEYS))


def _may_be_key(block: Block) -> bool:
    return "PRIVATE" in block.label.upper() and 0 < len(block.der) <= _LARGEST_KEY


def _load(der: bytes) -> Any:
    try:
        return serialization.load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _load_openssh(content: bytes) -> Any:
    label = b"OPENSSH PRIVATE KEY-----\n"
    pem = b"-----BEGIN " + label + base64.encodebytes(content) + b"-----END " + label
    try:
        return serialization.load_ssh_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _public_hash(key: Any) -> str | None:
    """Hash of the public half; loading has checked RSA keys, curve points are computed anew."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        key = ec.derive_private_key(key.private_numbers().private_value, key.curve)
    elif not isinstance(key, rsa.RSAPrivateKey):
        return None
    der = serialization.Encoding.DER
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return spki_sha256(key.public_key().public_bytes(der, form))
