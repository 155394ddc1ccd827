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
from issuance.csr.pem import Block, bare_base64
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
_LONGEST_RUN = 2 * _LARGEST_KEY


def holds_private_key(file: File) -> bool:
    """Whether the file holds a private key in any common form, encrypted ones included."""
    data = file.data
    if file.kind in _SECRET_KINDS or data.startswith(b"\x1e\xf1\xb5\xb0"):  # the latter is PVK
        return True
    if file.kind is Kind.JKS:  # the tag of the first entry: a key, or a trusted certificate
        return data[12:16] == b"\0\0\0\x01"
    if file.kind is Kind.ASN1 and any(map(_is_secret, tlv.split(data)[1:])):  # one after another
        return True
    return _says_so(file) or any(block.kind in _SECRET_KINDS for block in file.blocks)


def _says_so(file: File) -> bool:
    data = file.text.encode(errors="replace") if file.repaired else file.data
    upper = data.upper()
    for hint, pattern in _COMPILED:
        if hint in upper and pattern.search(data):
            return True
    return any(map(_is_secret, _bare(file.text)))


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{16,}={0,2}[ \t\r\n>]*)+")
_MOST_RUNS = 50


def _bare(text: str) -> Iterator[bytes]:
    """What stands in base64 without BEGIN and END lines, beside the request or instead of it."""
    runs = (run[0] for run in islice(_BASE64.finditer(text), _MOST_RUNS))
    return (bare_base64(run)[0] for run in runs if run.startswith("M") and len(run) <= _LONGEST_RUN)


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
    candidates = [block for block in file.blocks if _may_be_key(block)][:_MOST_KEYS]
    for block in candidates:
        if "OPENSSH" in block.label.upper():
            yield _load_openssh(block.der)
        else:
            yield _load(block.der)
    yield from map(_load, islice(filter(_is_secret, _bare(file.text)), _MOST_KEYS))
    if file.kind is Kind.PRIVATE_KEY and len(file.data) <= _LARGEST_KEY:
        yield _load(file.data)


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
