"""The DER encodings (X.690) that the CA assembles itself. Pure: no input or output.

They are needed to sign stored bytes and to join stored CRL entries, which no library offers.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography import x509

from issuance.algorithms import SIGNATURE_ALGORITHMS, Branch


def header(tag: int, size: int) -> bytes:
    """Identifier and length octets of an element with ``size`` content octets."""
    if size < 0x80:
        return bytes((tag, size))
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length


def tlv(tag: int, *contents: bytes | memoryview) -> bytes:
    """An element with identifier octet ``tag`` and the joined contents."""
    return b"".join((header(tag, sum(map(len, contents))), *contents))


def sequence(*contents: bytes | memoryview) -> bytes:
    """SEQUENCE of already encoded parts."""
    return tlv(0x30, *contents)


def integer(value: int) -> bytes:
    """INTEGER of a value that is not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def time(moment: datetime) -> bytes:
    """UTCTime until 2049, GeneralizedTime from 2050: RFC 5280 section 4.1.2.5."""
    moment = moment.astimezone(UTC)
    if moment.year < 2050:
        return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())
    return generalized_time(moment)


def moment(encoded: bytes) -> datetime:
    """The UTC time encoded as UTCTime or GeneralizedTime: RFC 5280 section 4.1.2.5.

    Two-digit years are between 1950 and 2049. Raises ValueError.
    """
    text = encoded[2:].decode("ascii")
    if encoded[0] == 0x17:
        text = ("19" if text >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def generalized_time(moment: datetime) -> bytes:
    """GeneralizedTime to the second, in UTC."""
    return tlv(0x18, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def extension(value: x509.ExtensionType, *, critical: bool = False) -> bytes:
    """Extension of a certificate, CRL or CRL entry; ``value`` is the library's extension object."""
    parts = [object_identifier(value.oid)]
    if critical:  # DEFAULT FALSE must not be encoded: X.690 section 11.5
        parts.append(tlv(0x01, b"\xff"))
    return sequence(*parts, tlv(0x04, value.public_bytes()))


def object_identifier(oid: x509.ObjectIdentifier) -> bytes:
    """OBJECT IDENTIFIER: X.690 section 8.19."""
    first, second, *rest = (int(arc) for arc in oid.dotted_string.split("."))
    return tlv(0x06, b"".join(_base128(arc) for arc in (40 * first + second, *rest)))


def _base128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | arc & 0x7F)
    return bytes(reversed(digits))


def signed(to_be_signed: bytes, branch: Branch, signature: bytes) -> bytes:
    """Certificate or CertificateList: SEQUENCE of signed part, algorithm and signature."""
    return sequence(
        to_be_signed, SIGNATURE_ALGORITHMS[branch].identifier, tlv(0x03, b"\0", signature)
    )


def join(entries: Iterable[bytes]) -> bytes:
    """SEQUENCE OF already encoded entries; empty bytes if there are none."""
    body = b"".join(entries)
    return tlv(0x30, body) if body else b""
