"""The agency's contact details and statements for the pages, read from `agency.toml`."""

import functools
import tomllib
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

# Within which feedback about accessibility is answered (act 306/2019).
FEEDBACK_DAYS = 14
SOURCE = Path(__file__).with_name("agency.toml")


@functools.cache
def facts() -> dict[str, Any]:
    """Return the tables of ``agency.toml``; read once per process."""
    return tomllib.loads(SOURCE.read_text("utf-8"))


def contact() -> dict[str, str]:
    """Return the contact details in the active language, with ``phone_link`` for `tel:` URLs."""
    known: dict[str, Any] = facts()["contact"]
    worded = {name: in_own_language(value) for name, value in known.items()}
    return worded | {"phone_link": worded["phone"].replace(" ", "")}


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
