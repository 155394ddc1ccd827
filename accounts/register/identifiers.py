"""Finnish business IDs (Y-tunnus), and the OIDs that the registers derive from them."""

import re
from functools import lru_cache

from stdnum.fi import ytunnus

MAX_OID = 128
# JHS 159: organisations are under this arc by business ID; node 10 of an organisation contains its
# units, of which unit 0 is the provider itself.
ORGANISATION_ARC = "1.2.246.10."
_ROOT = re.compile(r"^1\.2\.246\.10\.[0-9]+(?=\.|\Z)")
_UNIT = re.compile(r"^(1\.2\.246\.10\.([0-9]{1,8})\.10)\.[0-9]+(?:\.[0-9]+)*\Z")
_OID = re.compile(r"^[012](?:\.(?:0|[1-9][0-9]*)){1,31}\Z")
_BUSINESS_ID = re.compile(r"^(?:FI)?([0-9]{6,7})-?([0-9])\Z", re.IGNORECASE)


def is_oid(text: str) -> bool:
    """Whether *text* is an OID in dotted form of at most ``MAX_OID`` characters."""
    return len(text) <= MAX_OID and _OID.match(text) is not None


@lru_cache(maxsize=10_000)  # rows of one organisation are consecutive
def business_id(text: str) -> str | None:
    """*text* as seven digits, hyphen and check digit, or None if it is not a valid business ID.

    Accepts the old six digit form, a missing hyphen and the VAT prefix FI.
    """
    match = _BUSINESS_ID.match(re.sub(r"\s", "", text))
    if match is None:
        return None
    digits = f"{match[1]:0>7}{match[2]}"
    return f"{digits[:7]}-{digits[7]}" if ytunnus.is_valid(digits) else None


def business_id_of_oid(oid: str) -> str | None:
    """The business ID contained in a unit's OID, or None: not every OID has a valid one."""
    match = _UNIT.match(oid)
    if match is None or len(match[2]) < 7:
        return None
    digits = f"{match[2]:0>8}"
    return business_id(digits)


def provider_oid(oid: str) -> str | None:
    """The provider's OID derived from the unit's *oid* (JHS 159), or None for other OIDs."""
    match = _UNIT.match(oid)
    return f"{match[1]}.0" if match else None


def organisation_root(identifier: str) -> str:
    """The OID root of the organisation of a register's record; empty if it cannot be derived.

    *identifier* is the record's OID, or the business ID that an intermediary may have instead: in
    the arc of JHS 159 every business ID has a node. Outside that arc, the root is the part of the
    OID before node 10.
    """
    if code := business_id(identifier):
        return f"{ORGANISATION_ARC}{int(code.replace('-', ''))}"
    if known := _ROOT.match(identifier):
        return known[0]
    return re.sub(r"\.10(?:\.[0-9]+)+\Z", "", identifier) if is_oid(identifier) else ""
