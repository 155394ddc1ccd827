"""Parsing of the code server's JSON (CSAPI v6): pages of concept codes to rows.

The parser is tolerant where the register is known to be inconsistent (attributes missing, empty
or new, open dates written as 1900 and 2100, two spellings of sectors) and strict where an
undetected error would damage the mirror: a page without its list, a code without its identifier, or
a register without names is refused.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from accounts.register import identifiers
from accounts.register.source.rows import Row
from certportal.foundation.text import invisible

TEXT_FIELDS = {
    "LongName": "long_name",
    "Abbreviation": "abbreviation",
    "PostAddress": "post_address",
    "StreetAddress": "street_address",
    "PostNumber": "post_number",
    "PostOffice": "post_office",
}
MAX_TEXT = 2000
_FEW = 10


class Malformed(ValueError):
    """The document does not have the expected structure; the message says where."""


@dataclass(frozen=True)
class Page:
    """One page: its rows, its number and the totals (None if not stated)."""

    rows: list[Row]
    number: int | None = None
    total_items: int | None = None
    total_pages: int | None = None


def read_page(document: object) -> Page:
    """The page in a decoded JSON *document*.

    Raises:
        Malformed: the document has another shape.
    """
    return page_of(document, entries_of(document))


def page_of(document: object, entries: Iterable[object]) -> Page:
    """The page of a decoded JSON *document* whose concept codes are *entries*.

    Raises:
        Malformed: a concept code has another shape.
    """
    totals = document if isinstance(document, dict) else {}
    numbers = (totals.get(name) for name in ("page", "totalItems", "totalPages"))
    return Page([read_code(entry) for entry in entries], *map(_number, numbers))


def entries_of(document: object) -> list[object]:
    """The concept codes of a page, not yet parsed.

    Raises:
        Malformed: the document has another shape.
    """
    listed = document.get("conceptCodes") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise Malformed("no list conceptCodes")
    return listed


def read_code(code: object) -> Row:
    """The row of one concept code.

    Raises:
        Malformed: it has no valid identifier, or an invalid date.
    """
    if not isinstance(code, dict):
        raise Malformed("a concept code is not an object")
    oid = str(code.get("conceptCodeId") or "").strip()
    if not identifiers.is_oid(oid):
        raise Malformed(f"conceptCodeId {oid[:80]!r} is not an OID")
    attributes = dict(_attributes(code.get("attributes"), oid))
    texts = {field: _first(attributes.pop(name, [])) for name, field in TEXT_FIELDS.items()}
    code_and_name = _municipality(attributes)
    parent = _parent(attributes)
    return Row(
        oid=oid,
        **texts,
        parent_oid=parent,
        provider_oid=identifiers.provider_oid(oid) or parent or oid,
        business_id=_business_id(attributes, oid),
        sector=_sector(attributes),
        municipality_code=code_and_name[0],
        municipality_name=code_and_name[1],
        hierarchy_level=_level(attributes),
        valid_from=_date(code.get("beginDate"), oid),
        valid_to=_date(code.get("expirationDate"), oid),
        status=(_clean(code.get("status") or "") or "ACTIVE").upper()[:16],
        attributes=attributes,
        modified=str(code.get("lastModifiedDate") or "")[:32],
    )


def without_repeats(rows: Iterable[Row]) -> list[Row]:
    """*rows* with each key once; of repeated rows the last active one, else the last one, is kept.

    Rows repeat if the register changes during paging. A code that was deleted and created again
    also appears twice when all statuses are requested.
    """
    kept: dict[tuple[str, date | None], Row] = {}
    for row in rows:
        earlier = kept.get(row.key)
        if earlier is None or row.status == "ACTIVE" or earlier.status != "ACTIVE":
            kept[row.key] = row
    return list(kept.values())


def require_whole(pages: Iterable[Page]) -> None:
    """Refuse pages that say themselves that they are not all pages of one download.

    What is in none of them would be taken for removed from the register.

    Raises:
        Malformed: a page is missing, they hold fewer rows than they announce, or their totals
            differ.
    """
    counted = [page for page in pages if page.total_items is not None]
    if not counted:
        return
    totals = {(page.total_items, page.total_pages) for page in counted}
    if len(totals) > 1:
        raise Malformed("the files are of different downloads: totalItems or totalPages differ")
    ((items, last),) = totals
    held = {page.number or -at: len(page.rows) for at, page in enumerate(counted)}
    numbers = {page.number for page in counted}
    missing = next((number for number in range(1, (last or 0) + 1) if number not in numbers), None)
    if missing is not None:
        raise Malformed(f"page {missing} of {last} is missing among the files")
    if sum(held.values()) < (items or 0):
        raise Malformed(f"the files hold {sum(held.values())} of the {items} rows they announce")


def require_names(rows: Collection[Row]) -> None:
    """Refuse rows of which most have no long name.

    The source has then probably renamed the attribute, and an import would erase every name.

    Raises:
        Malformed: more than ten rows, and more than half of them, have no long name.
    """
    nameless = sum(not row.long_name for row in rows)
    if nameless > max(_FEW, len(rows) // 2):
        raise Malformed(f"{nameless} of {len(rows)} rows without LongName")


def _attributes(listed: object, oid: str) -> Iterator[tuple[str, list[str]]]:
    if listed is None:
        return
    if not isinstance(listed, list):
        raise Malformed(f"attributes of {oid} are not a list")
    for attribute in listed:
        name = _clean(attribute.get("attributeName") or "") if isinstance(attribute, dict) else ""
        if not name:
            continue
        values = attribute.get("attributeValue") or []
        values = values if isinstance(values, list) else [values]
        texts = [_clean(value) for value in values if value is not None]
        if any(texts):
            yield name, [text for text in texts if text]


def _clean(value: object) -> str:
    # Repeated white space comes from text pasted into forms.
    text = str(value)
    if not text.isprintable() or "  " in text or len(text) > MAX_TEXT:
        text = invisible.without(text)[:MAX_TEXT]
    return "" if invisible.is_blank(text) else text.strip()


def _first(values: list[str]) -> str:
    return values[0] if values else ""


def _parent(attributes: dict[str, list[str]]) -> str:
    text = _first(attributes.get("ParentId", []))
    if not identifiers.is_oid(text):
        return ""
    del attributes["ParentId"]
    return text


def _business_id(attributes: dict[str, list[str]], oid: str) -> str:
    stated = identifiers.business_id(_first(attributes.get("Y-Tunnus", [])))
    if stated:
        del attributes["Y-Tunnus"]
    return stated or identifiers.business_id_of_oid(oid) or ""


def _sector(attributes: dict[str, list[str]]) -> int | None:
    # "2 Yksityinen" in REST, "2 yksityinen" in XML: the leading digit is the code.
    text = _first(attributes.get("Sektori", []))
    if text[:1] not in {"1", "2", "3"}:
        return None
    del attributes["Sektori"]
    return int(text[0])


def _municipality(attributes: dict[str, list[str]]) -> tuple[str, str]:
    code, _, name = _first(attributes.pop("Sijainti kunta", [])).partition(" ")
    return (code, name) if code.isdigit() and len(code) <= 3 else ("", f"{code} {name}".strip())


def _level(attributes: dict[str, list[str]]) -> int | None:
    text = _first(attributes.get("HierarchyLevel", []))
    if not (text.isdecimal() and len(text) <= 3):
        return None
    del attributes["HierarchyLevel"]
    return int(text)


def _date(value: object, oid: str) -> date | None:
    if value in (None, ""):
        return None
    try:
        return _day(str(value)[:10])
    except ValueError:
        raise Malformed(f"date {str(value)[:40]!r} of {oid}") from None


@lru_cache(maxsize=10_000)
def _day(text: str) -> date | None:
    """A validity day, None (open) for years up to 1900 and from 2100 (usage of the register)."""
    day = date.fromisoformat(text)
    return day if 1900 < day.year < 2100 else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
