"""The string types of ASN.1 and what is wrong with their octets."""

import re
from collections.abc import Callable

from issuance import tlv

_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,./:=?-]*\Z")


class BadStringError(Exception):
    """The octets do not fit the string type."""


def _codec(name: str) -> Callable[[bytes], str]:
    return lambda octets: octets.decode(name)


def _numeric(octets: bytes) -> str:
    """Digits and the blank: X.680 section 41."""
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
"""Types that RFC 5280 section 4.1.2.4 keeps for existing names only."""


def read_string(element: tlv.Element) -> tuple[str, str]:
    """Value and name of the string type. Raises BadStringError."""
    name, decode = _TYPES.get(element.tag, ("", None))
    if decode is None:
        raise BadStringError(f"tag {element.tag:02x}")
    try:
        return decode(element.content), name
    except UnicodeDecodeError as fault:
        raise BadStringError(name) from fault


def is_lax(value: str, string_type: str) -> bool:
    """Whether a PrintableString holds @, _ or other characters outside its set."""
    return string_type == "PrintableString" and not _PRINTABLE.match(value)
