"""Reading the list of Kanta intermediaries.

The register's own record form is not published, so the list is ours: JSON
``{"intermediaries": [{"oid"?, "businessId"?, "name", "begin"?, "end"?}]}``, dates ISO or empty.
"""

from datetime import date

from accounts.register import identifiers
from accounts.register.csapi import Malformed
from accounts.register.rows import Row

_FIELDS = {"oid", "businessId", "name", "begin", "end"}


def read_list(document: object) -> list[Row]:
    """The rows of a decoded list of intermediaries.

    Raises:
        Malformed: an entry has neither OID nor valid business ID, no name, or a date that is none.
    """
    listed = document.get("intermediaries") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise Malformed("no list intermediaries")
    return [_read(entry) for entry in listed]


def _read(entry: object) -> Row:
    if not isinstance(entry, dict) or not str(entry.get("name") or "").strip():
        raise Malformed("an intermediary without a name")
    name = " ".join(str(entry["name"]).split())
    own = identifiers.business_id(str(entry.get("businessId") or ""))
    oid = str(entry.get("oid") or "") or _oid_of(own)
    if not identifiers.is_oid(oid):
        raise Malformed(f"{name[:80]!r} has neither OID nor valid business ID")
    return Row(
        oid=oid,
        provider_oid=oid,
        business_id=own or "",
        long_name=name,
        valid_from=_date(entry.get("begin"), name),
        valid_to=_date(entry.get("end"), name),
        attributes={str(k): [str(v)] for k, v in entry.items() if k not in _FIELDS and v},
    )


def _oid_of(business_id: str | None) -> str:
    # JHS 159: an organisation's root is its business ID without hyphen and leading zeros.
    digits = (business_id or "").replace("-", "").lstrip("0")
    return f"{identifiers.ORGANISATION_ARC}{digits}" if digits else ""


def _date(value: object, name: str) -> date | None:
    if value in (None, ""):
        return None
    try:
        day = date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Malformed(f"date {str(value)[:40]!r} of {name[:80]!r}") from None
    return day if 1900 < day.year < 2100 else None
