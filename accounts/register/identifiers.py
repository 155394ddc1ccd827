"""Business IDs and the OIDs that the registers build from them."""

import re
from functools import lru_cache

from stdnum.fi import ytunnus

MAX_OID = 128
# JHS 159: organisations lie under this arc, node 10 of an organisation holds its provider and
# units, and unit 0 is the provider itself.
ORGANISATION_ARC = "1.2.246.10."
_UNIT = re.compile(r"^(1\.2\.246\.10\.([0-9]{1,8})\.10)\.[0-9]+(?:\.[0-9]+)*$")
_OID = re.compile(r"^[012](?:\.(?:0|[1-9][0-9]*)){1,31}$")
_BUSINESS_ID = re.compile(r"^(?:FI)?([0-9]{6,7})-?([0-9])$", re.IGNORECASE)


def is_oid(text: str) -> bool:
    """Whether *text* is an object identifier in dotted form, of a length the mirror holds."""
    return len(text) <= MAX_OID and _OID.match(text) is not None


@lru_cache(maxsize=10_000)  # the units of one organisation come one after another
def business_id(text: str) -> str | None:
    """*text* as seven digits, hyphen and check digit, or None if it is no valid business ID.

    Accepts the old six digit form, a missing hyphen and the VAT prefix FI.
    """
    match = _BUSINESS_ID.match(re.sub(r"\s", "", text))
    if match is None:
        return None
    digits = f"{match[1]:0>7}{match[2]}"
    return f"{digits[:7]}-{digits[7]}" if ytunnus.is_valid(digits) else None


def business_id_of_oid(oid: str) -> str | None:
    """The business ID inside a unit's OID, or None: not every arc carries a valid one."""
    match = _UNIT.match(oid)
    if match is None or len(match[2]) < 7:
        return None
    digits = f"{match[2]:0>8}"
    return business_id(digits)


def provider_oid(oid: str) -> str | None:
    """The OID of the provider that the unit *oid* belongs to, by the arc alone."""
    match = _UNIT.match(oid)
    return f"{match[1]}.0" if match else None
