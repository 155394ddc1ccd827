"""Private keys in an upload: found before anything else is done with the bytes.

Nothing of the key is kept or shown. Of keys that can be read, and are whole, the hash of
the public half is handed on, so that the key is refused everywhere from now on.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from issuance import tlv
from issuance.csr.kinds import Kind, kind_of_der
from issuance.csr.pem import Block, bare_base64
from issuance.keys import spki_sha256

_SIGNS = [
    re.compile(rb"(?i)(BEGIN|END)[^\n-]{0,40}PRIVATE[ _-]?KEY"),
    re.compile(rb"AGE-SECRET-KEY-1|(?m:^PrivateKey ?= ?[A-Za-z0-9+/]{43}=)"),
    re.compile(rb"(?i)PuTTY-User-Key-File-|Private-Lines:"),
    re.compile(rb"(?m)^privateExponent:|^priv:\s*$"),
]
_JWK = re.compile(rb"\"kty\"\s{0,9}:")
_JWK_SECRET = re.compile(rb"\"d\"\s{0,9}:\s{0,9}\"[\w-]")
_MOST_KEYS, _LARGEST_KEY = 3, 16 * 1024


def holds_private_key(data: bytes, text: str, blocks: list[Block]) -> bool:
    """Whether the file holds a private key in any common form, encrypted ones included.

    ``text`` is the file as text and ``blocks`` the PEM blocks found in it; both may be empty.
    """
    seen = [data] if data.isascii() else [data, text.encode(errors="replace")]
    return (
        any(pattern.search(form) for form in seen for pattern in _SIGNS)
        or any(_JWK.search(form) and _JWK_SECRET.search(form) for form in seen)
        or any(b"<RSAKeyValue>" in form and b"<D>" in form for form in seen)
        or _is_key_store(data)
        or _is_secret(bare_base64(text)[0])
        or any(_is_secret(block.der) for block in blocks if block.der)
    )


def _is_secret(der: bytes) -> bool:
    return kind_of_der(der) in (Kind.PRIVATE_KEY, Kind.PKCS12)


def _is_key_store(data: bytes) -> bool:
    """DER keys, PKCS#12, PVK, and Java key stores whose first entry is a key (tag 1)."""
    java = data[:4] in (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
    if java or data[:1] != b"\x30":
        return data.startswith(b"\x1e\xf1\xb5\xb0") or (java and data[12:16] == b"\0\0\0\x01")
    return _is_secret(data) or any(map(_is_secret, tlv.split(data)))


def leaked_hashes(data: bytes, blocks: list[Block]) -> list[str]:
    """SPKI hashes (hex) of the private keys in the file that can be read without a password.

    A key is only believed if its parts belong together: else anybody could have a stranger's
    key blocked, and its certificate revoked, by sending the public half with an invented rest.
    """
    hashes = [_public_hash(key) for key in _readable_keys(data, blocks)]
    return list(dict.fromkeys(digest for digest in hashes if digest))


def _readable_keys(data: bytes, blocks: list[Block]) -> Iterator[Any]:
    candidates = [block for block in blocks if _may_be_key(block)][:_MOST_KEYS]
    for block in candidates:
        if "OPENSSH" in block.label.upper():
            yield _load_openssh(block.der)
        else:
            yield _load(block.der)
    if data[:1] == b"\x30" and len(data) <= _LARGEST_KEY:
        yield _load(data)


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
