"""The agency's contact details and statements for the pages, read from `agency.toml`.

The operator's own file (AGENCY_FILE) overrides these details, and adds hours, an on-call number, a
price list and terms of delivery. Pages leave out what is not set.
"""

import functools
import os
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext as _

# Feedback about accessibility must be answered within this time (act 306/2019).
FEEDBACK_DAYS = 14
SOURCE = Path(__file__).with_name("agency.toml")
# Tables of AGENCY_FILE that name a published document.
PRICE_LIST, TERMS = "price_list", "terms_of_delivery"
# A tag, a comment or a character reference of HTML.
MARKUP = re.compile(r"</?[a-zA-Z!][^>]*>|&(?:[a-zA-Z]+|#x?[0-9a-fA-F]+);")


class Published(NamedTuple):
    """A document published by the operator: its address, version, and first day of validity."""

    url: str
    version: str
    day: date

    @property
    def words(self) -> str:
        """Version and day, in the active language."""
        day = date_format(self.day, "SHORT_DATE_FORMAT")
        return _("version %(version)s, %(day)s") % {"version": self.version, "day": day}


@functools.cache
def facts() -> dict[str, Any]:
    """Return the tables of ``agency.toml`` and of the operator's file; read once per process."""
    ours, theirs = tomllib.loads(SOURCE.read_text("utf-8")), _operators()
    contact = ours["contact"] | theirs.get("contact", {})
    return ours | theirs | {"contact": contact}


def _operators() -> dict[str, Any]:
    path = os.environ.get("AGENCY_FILE")
    return tomllib.loads(Path(path).read_text("utf-8")) if path else {}


def contact() -> dict[str, str]:
    """Return the contact details in the active language, with ``…_link`` for `tel:` URLs.

    `hours` (in which the service answers) and `on_call` (the number for revocations at any hour)
    are empty if they are not set.
    """
    known: dict[str, Any] = facts()["contact"]
    worded = {name: in_own_language(value) for name, value in known.items()}
    numbers = {name: worded.get(name, "") for name in ("phone", "on_call")}
    links = {f"{name}_link": number.replace(" ", "") for name, number in numbers.items()}
    return {"hours": "", "on_call": ""} | worded | links


def published(name: str) -> Published | None:
    """Return the operator's price list or terms of delivery, or None where none is published."""
    document = facts().get(name)
    if not document:
        return None
    return Published(in_own_language(document["url"]), str(document["version"]), document["day"])


def faults() -> Iterator[str]:
    """Yield the faults of the operator's file, as phrases for the operator."""
    try:
        tables = _operators()
    except (OSError, ValueError) as error:
        yield f"it cannot be read: {error}"
        return
    known = ("contact", PRICE_LIST, TERMS)
    yield from (f"it has an unknown table [{name}]" for name in tables if name not in known)
    for name in known:
        if not isinstance(tables.get(name, {}), dict):
            yield f"{name} must be a table, [{name}]"
        elif name == "contact":
            for detail, value in tables.get(name, {}).items():
                yield from _faults_in_languages(f"[contact] {detail}", value)
        elif name in tables:
            yield from _faults_of(name, tables[name])


def _faults_in_languages(what: str, value: Any) -> Iterator[str]:
    """Yield the faults of a text, or of a table of texts by language code; `what` names it."""
    texts = value.values() if isinstance(value, dict) else [value]
    if not all(isinstance(text, str) for text in texts):
        yield f"{what} must be a text, or a table of texts by language"
    elif found := next(filter(None, map(MARKUP.search, texts)), None):
        yield (
            f"{what} has markup, {found.group()}: pages and mails show each text as it is written,"
            " so write it as plain text"
        )
    elif isinstance(value, dict) and (lacking := dict(settings.LANGUAGES).keys() - value.keys()):
        yield f"{what} lacks {', '.join(sorted(lacking))}"


def _faults_of(name: str, document: dict[str, Any]) -> Iterator[str]:
    if lacking := {"url", "version", "day"} - document.keys():
        yield f"[{name}] lacks {', '.join(sorted(lacking))}"
        return
    yield from _faults_in_languages(f"[{name}] url", document["url"])
    yield from _faults_in_languages(f"[{name}] version", str(document["version"]))
    urls = document["url"].values() if isinstance(document["url"], dict) else [document["url"]]
    if not all(str(url).startswith("https://") for url in urls):
        yield f"[{name}] url must begin with https://"
    if type(document["day"]) is not date:  # not isinstance: a datetime is a date too
        yield f"[{name}] day must be a day, such as 2026-12-01"


def appeal() -> str:
    """Return the instructions for appeal (hallintolaki 46 and 47 §) in the active language."""
    return in_own_language(facts()["decision"]["appeal"])


def provisions() -> list[str]:
    """Return the provisions that decisions apply (hallintolaki 45 §) in the active language."""
    return in_own_language(facts()["decision"]["provisions"]).splitlines()


def accessibility() -> dict[str, Any]:
    """Return the accessibility statement: its dates and the known gaps in the active language."""
    statement: dict[str, Any] = facts()["accessibility"]
    gaps = [gap | {"text": in_own_language(gap["text"])} for gap in statement["gaps"]]
    return statement | {"gaps": gaps}


def in_own_language(value: str | dict[str, str]) -> str:
    """Return the active language's text of a table by language code; a string is returned as is."""
    if isinstance(value, str):
        return value
    return value.get(get_language() or "fi", value["fi"])
