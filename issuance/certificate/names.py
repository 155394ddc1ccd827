"""Which strings may stand in a certificate: characters, lengths, host names. Pure."""

import re
import unicodedata

UPPER_BOUNDS = {"C": 2, "ST": 128, "L": 128, "O": 64, "OU": 64, "serialNumber": 64, "CN": 64}
"""Longest attribute values in characters: RFC 5280, appendix A.1."""

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_LOCAL = re.compile(r"[a-z0-9][a-z0-9_+-]*(\.[a-z0-9_+-]+)*\Z")
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*)){2,}\Z")


def foreign_characters(value: str) -> list[str]:
    """The characters of ``value`` outside the permitted set, each once, in order of appearance.

    FINEID S2 limits UTF8String values to the characters of ISO 8859-1. Of those, controls,
    the no-break space and the soft hyphen are left out, for they cannot be seen.
    """
    return list(dict.fromkeys(c for c in value if not _permitted(c)))


def _permitted(character: str) -> bool:
    code = ord(character)
    return 0x20 <= code <= 0x7E or (0xA1 <= code <= 0xFF and code != 0xAD)


def is_tidy(value: str) -> bool:
    """Not empty, no needless spaces, composed (NFC), and begins with a letter or a digit.

    A leading ": " once got into a hospital's certificate elsewhere (Bugzilla 1680083).
    """
    return bool(
        value
        and value == " ".join(value.split(" ")).strip()
        and "  " not in value
        and unicodedata.normalize("NFC", value) == value
        and value[0].isalnum()
    )


def is_host_name(value: str) -> bool:
    """A fully qualified lower-case host name: RFC 1034 section 3.5; no wildcard, no address."""
    labels = value.split(".")
    return (
        len(value) <= 253
        and len(labels) >= 2
        and all(_LABEL.match(label) for label in labels)
        and not labels[-1].isdigit()
    )


def is_email(value: str) -> bool:
    """A mailbox as it may stand in a certificate: ASCII, lower case, at a complete host name.

    RFC 5280 section 4.2.1.6 (rfc822Name is an RFC 2821 Mailbox, no quoting here); at most 64
    characters, for the address is the common name too.
    """
    local, _, host = value.rpartition("@")
    return bool(len(value) <= UPPER_BOUNDS["CN"] and _LOCAL.match(local) and is_host_name(host))


def is_oid(value: str) -> bool:
    """An object identifier in dotted form, at least three arcs."""
    return bool(_OID.match(value))
