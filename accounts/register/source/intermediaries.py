"""Parsing of the list of Kanta intermediaries.

The register's own format is not published, so this one is specific to this service: JSON
``{"intermediaries": [{"oid"?, "businessId"?, "name", "begin"?, "end"?}]}``, or the same columns
as CSV from a spreadsheet. Dates are ISO 8601 or Finnish (31.12.2026), or empty if open.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from accounts.register import identifiers
from accounts.register.lookup.folding import fold
from accounts.register.source.codeserver_api import Malformed
from accounts.register.source.rows import Row
from certportal.foundation.text import invisible

_FIELDS = {"oid", "businessId", "name", "begin", "end"}
# Accepted column headings of CSV, folded and without spaces.
_HEADS = {
    "oid": "oid",
    "tunniste": "oid",
    "businessid": "businessId",
    "ytunnus": "businessId",
    "fonummer": "businessId",
    "name": "name",
    "nimi": "name",
    "namn": "name",
    "begin": "begin",
    "alkaa": "begin",
    "alkupvm": "begin",
    "borjar": "begin",
    "end": "end",
    "paattyy": "end",
    "loppupvm": "end",
    "slutar": "end",
}


def read_list(document: object) -> list[Row]:
    """The rows of a list of intermediaries in decoded JSON.

    Raises:
        Malformed: an entry has neither OID nor valid business ID, no name, or an invalid date.
    """
    listed = document.get("intermediaries") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise Malformed("no list intermediaries")
    return read_entries(listed)


def read_entries(entries: Iterable[object]) -> list[Row]:
    """The rows of the entries of a list.

    Raises: as `read_list`.
    """
    return [_read(entry) for entry in entries]


def read_csv(data: bytes) -> list[dict[str, str]]:
    """The entries of a list in CSV.

    Separators are semicolons, commas or tabs; the encoding is UTF-8, UTF-16 with a byte order mark,
    Windows-1252 (written by spreadsheets; it has Š and Ž) or Latin-1.

    Raises:
        Malformed: not CSV, or the first line has no heading for the name column.
    """
    text = _decoded(data)
    first = text.partition("\n")[0]
    # Strict: a quotation mark that is never closed would take in all lines that follow.
    lines = csv.reader(io.StringIO(text), delimiter=max(";,\t", key=first.count), strict=True)
    try:
        heads, *entries = [line for line in lines if any(line)] or [[]]
    except csv.Error as error:
        raise Malformed("not CSV") from error
    names = [_HEADS.get(fold(head).replace(" ", ""), head.strip()) for head in heads]
    if "name" not in names:
        raise Malformed("neither JSON nor a list with a column of names")
    return [dict(zip(names, entry, strict=False)) for entry in entries]


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "cp1252"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return data.decode("latin-1")


def _read(entry: object) -> Row:
    name = invisible.without(str(entry.get("name") or "")) if isinstance(entry, dict) else ""
    if not isinstance(entry, dict) or invisible.is_blank(name):
        raise Malformed("an intermediary without a name")
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
        attributes=dict(_others(entry)),
    )


def _others(entry: dict[Any, object]) -> Iterator[tuple[str, list[str]]]:
    for key, value in entry.items():
        name, text = invisible.without(str(key)), invisible.without(str(value or ""))
        if name not in _FIELDS and name and not invisible.is_blank(text):
            yield name, [text]


def _oid_of(business_id: str | None) -> str:
    # JHS 159: an organisation's root is its business ID without hyphen and leading zeros.
    digits = (business_id or "").replace("-", "").lstrip("0")
    return f"{identifiers.ORGANISATION_ARC}{digits}" if digits else ""


def _date(value: object, name: str) -> date | None:
    if value in (None, ""):
        return None
    try:
        day = _day(str(value).strip())
    except ValueError:
        raise Malformed(f"date {str(value)[:40]!r} of {name[:80]!r}") from None
    return day if 1900 < day.year < 2100 else None


def _day(text: str) -> date:
    if "." in text:
        return datetime.strptime(text, "%d.%m.%Y").date()  # noqa: DTZ007 (a day has no time zone)
    return date.fromisoformat(text[:10])
