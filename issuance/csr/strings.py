"""Decoding of ASN.1 string types, and checks of their character sets."""

import re
from collections.abc import Callable

from issuance.der import read

_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,./:=?-]*\Z")


class BadStringError(Exception):
    """Not a known string type, or octets that are invalid in it; the message names type or tag."""


def _codec(name: str) -> Callable[[bytes], str]:
    return lambda octets: octets.decode(name)


def _numeric(octets: bytes) -> str:
    """NumericString: digits and space only (X.680 section 41)."""
    if octets.strip(b"0123456789 "):
        raise UnicodeDecodeError("NumericString", octets, 0, 1, "no digit")
    return octets.decode("ascii")


_TYPES: dict[int, tuple[str, Callable[[bytes], str]]] = {
    0x0C: ("UTF8String", _codec("utf-8")),
    0x12: ("NumericString", _numeric),
    0x13: ("PrintableString", _codec("ascii")),
    0x14: ("TeletexString", _codec("latin-1")),
    0x16: ("IA5String", _codec("ascii")),
    0x1A: ("VisibleString", _codec("ascii")),
    0x1C: ("UniversalString", _codec("utf-32-be")),
    0x1E: ("BMPString", _codec("utf-16-be")),
}
OLD = frozenset({"TeletexString", "UniversalString", "BMPString"})
"""Types that RFC 5280 section 4.1.2.4 allows only for already established subjects."""


def read_string(element: read.Element) -> tuple[str, str]:
    """The decoded value and the name of its string type. Raises BadStringError."""
    name, decode = _TYPES.get(element.tag, ("", None))
    if decode is None:
        raise BadStringError(f"tag {element.tag:02x}")
    try:
        return decode(element.content), name
    except UnicodeDecodeError as fault:
        raise BadStringError(name) from fault


def is_lax(value: str, string_type: str) -> bool:
    """Whether a PrintableString holds characters not in its set, such as @ (X.680 section 41)."""
    return string_type == "PrintableString" and not _PRINTABLE.match(value)
