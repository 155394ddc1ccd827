"""The type of an uploaded file, recognised by its content."""

import re
from collections.abc import Callable
from enum import StrEnum

from issuance.der import read


class Kind(StrEnum):
    """Types of file people send. Values are shown to users and stored in reports."""

    REQUEST = "certificate request"
    CERTIFICATE = "certificate"
    CRL = "certificate revocation list"
    PKCS7 = "PKCS#7"
    PKCS12 = "PKCS#12"
    PRIVATE_KEY = "private key"
    PUBLIC_KEY = "public key"
    JKS = "Java keystore"
    PDF = "PDF"
    ZIP = "ZIP"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"
    SEVEN_ZIP = "7z"
    RAR = "RAR"
    TAR = "tar"
    WORD = "Word document"
    IMAGE = "image"
    PROGRAM = "program"
    HTML = "HTML"
    XML = "XML"
    MAIL = "e-mail message"
    PGP = "OpenPGP"
    SSH_KEY = "SSH public key"
    CONFIG = "configuration file"
    ASN1 = "ASN.1"
    TEXT = "text"
    EMPTY = "empty"
    UNKNOWN = "unknown"


_MAGIC = [
    (b"%PDF", Kind.PDF),
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\x1f\x8b", Kind.GZIP),
    (b"BZh", Kind.BZIP2),
    (b"\xfd7zXZ\0", Kind.XZ),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"{\\rtf", Kind.WORD),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.WORD),  # OLE: Word before 2007, Outlook
    (b"\xfe\xed\xfe\xed", Kind.JKS),
    (b"\xce\xce\xce\xce", Kind.JKS),
    (b"\x89PNG", Kind.IMAGE),
    (b"\xff\xd8\xff", Kind.IMAGE),
    (b"GIF8", Kind.IMAGE),
    (b"\x7fELF", Kind.PROGRAM),
    (b"MZ", Kind.PROGRAM),
    (b"openssh-key-v1\0", Kind.PRIVATE_KEY),
]
_OUTLOOK = "__substg1.0_".encode("utf-16-le")
"""Prefix of the stream names in a mail saved by Outlook: MS-OXMSG section 2.2."""
_STARTS = tuple(magic for magic, _ in _MAGIC)
_TEXTS = [
    (r"-----BEGIN PGP ", Kind.PGP),
    (r"\s*(<!doctype html|<html)", Kind.HTML),
    (r"\s*<(\?xml|svg|!doctype)", Kind.XML),
    (r"(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+) AAAA", Kind.SSH_KEY),
    (r"(?s:.{0,4000}^(MIME-Version|Content-Type):)", Kind.MAIL),
    (r"(?s:.{0,4000}^\s*\[ ?[\w ]{1,40} ?\]\s*$)", Kind.CONFIG),
]
_TEXT_KINDS = [
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), kind) for pattern, kind in _TEXTS
]

PACKED = frozenset(
    {Kind.ZIP, Kind.GZIP, Kind.BZIP2, Kind.XZ, Kind.ZSTD, Kind.SEVEN_ZIP, Kind.RAR, Kind.TAR}
)

PEM_LABELS = {
    "CERTIFICATE REQUEST": Kind.REQUEST,
    "NEW CERTIFICATE REQUEST": Kind.REQUEST,
    "CERTIFICATE": Kind.CERTIFICATE,
    "X509 CERTIFICATE": Kind.CERTIFICATE,
    "TRUSTED CERTIFICATE": Kind.CERTIFICATE,
    "X509 CRL": Kind.CRL,
    "PKCS7": Kind.PKCS7,
    "CMS": Kind.PKCS7,
    "PUBLIC KEY": Kind.PUBLIC_KEY,
    "RSA PUBLIC KEY": Kind.PUBLIC_KEY,
}


def kind_of_bytes(data: bytes) -> Kind:
    """The type of a binary file, by its first octets."""
    if data.startswith(_STARTS):
        kind = next(kind for magic, kind in _MAGIC if data.startswith(magic))
        if kind is Kind.WORD and _OUTLOOK in data:
            return Kind.MAIL
        return Kind.WORD if kind is Kind.ZIP and b"word/" in data else kind
    if data[257:262] == b"ustar":
        return Kind.TAR
    if data[:1] in (b"\x30", b"\x31"):
        return kind_of_der(data)
    return Kind.UNKNOWN


def kind_of_text(text: str) -> Kind:
    """The type of a text in which no request was found."""
    for pattern, kind in _TEXT_KINDS:
        if pattern.match(text[:8000]):
            return kind
    return Kind.TEXT


def kind_of_der(data: bytes) -> Kind:
    """The type of a DER object (BER for PKCS#12) by its structure; ASN1 if not recognised."""
    if _is_ber_pkcs12(data):
        return Kind.PKCS12
    if data.startswith(b"openssh-key-v1\0"):  # not ASN.1, but found in PEM like DER
        return Kind.PRIVATE_KEY
    try:
        children = read.read(data).expect(read.SEQUENCE).children()
        tags = bytes([child.tag for child in children[:10]])
        for fits, kind in _SHAPES:
            if fits(tags, children):
                return kind
    except read.MalformedError:
        pass
    return Kind.ASN1


def _is_ber_pkcs12(data: bytes) -> bool:
    """PFX (RFC 7292 section 4): version 3, then a ContentInfo of PKCS#7 data."""
    head = data[:64]
    return b"\x02\x01\x03\x30" in head[:12] and b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" in head


def _inner(children: list[read.Element]) -> bytes:
    return bytes([child.tag for child in children[0].children()[:8]])


def _signed(tags: bytes) -> bool:
    return tags == b"\x30\x30\x03"


def is_request(root: read.Element) -> bool:
    """Whether an element has the structure of a CertificationRequest (RFC 2986 section 4)."""
    children = root.children() if root.tag == read.SEQUENCE else []
    return len(children) == 3 and _is_request(bytes([child.tag for child in children]), children)


def _is_request(tags: bytes, children: list[read.Element]) -> bool:
    return _signed(tags) and _inner(children) in (b"\x02\x30\x30\xa0", b"\x02\x30\x30")


def _is_certificate(tags: bytes, children: list[read.Element]) -> bool:
    if not _signed(tags):
        return False
    inner = _inner(children)
    return inner.startswith((b"\xa0\x02\x30\x30\x30\x30\x30", b"\x02\x30\x30\x30\x30\x30"))


def _is_crl(tags: bytes, children: list[read.Element]) -> bool:
    return _signed(tags) and bool(re.match(rb"\x02?\x30\x30[\x17\x18]", _inner(children)))


def _is_pkcs7(tags: bytes, children: list[read.Element]) -> bool:
    return tags == b"\x06\xa0" and children[0].content.startswith(bytes.fromhex("2a864886f70d0107"))


def _is_public_key(tags: bytes, children: list[read.Element]) -> bool:
    return tags == b"\x02\x02" or (tags == b"\x30\x03" and _inner(children)[:1] == b"\x06")


def _is_private_key(tags: bytes, children: list[read.Element]) -> bool:
    """PKCS#8, encrypted PKCS#8, PKCS#1, SEC 1 and OpenSSL's DSA form."""
    if tags == b"\x30\x04":  # EncryptedPrivateKeyInfo, RFC 5958 section 3
        return _inner(children) in (b"\x06\x30", b"\x06\x05", b"\x06")
    if not children or tags[:1] != b"\x02" or len(children[0].content) != 1:
        return False
    pkcs8 = tags.startswith(b"\x02\x30\x04") and tags[3:].strip(b"\xa0\x81\xa1") == b""
    sec1 = tags.startswith(b"\x02\x04") and tags[2:] in (b"", b"\xa0", b"\xa0\xa1", b"\xa1")
    return pkcs8 or sec1 or tags.startswith(b"\x02" * 9) or tags == b"\x02" * 6


type _Shape = Callable[[bytes, list[read.Element]], bool]
_SHAPES: list[tuple[_Shape, Kind]] = [
    (_is_private_key, Kind.PRIVATE_KEY),
    (_is_request, Kind.REQUEST),
    (_is_certificate, Kind.CERTIFICATE),
    (_is_crl, Kind.CRL),
    (_is_pkcs7, Kind.PKCS7),
    (_is_public_key, Kind.PUBLIC_KEY),
]
