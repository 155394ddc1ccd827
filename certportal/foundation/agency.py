"""Facts of the public pages, read once from a data file."""

import functools
import tomllib
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

SOURCE = Path(__file__).parent / "data" / "public.toml"


@functools.cache
def facts() -> dict[str, Any]:
    """The tables of ``data/public.toml``: ``contact`` and ``accessibility``."""
    return tomllib.loads(SOURCE.read_text("utf-8"))


def contact() -> dict[str, str]:
    """Names, addresses and numbers, in the reader's language where they have one."""
    known: dict[str, Any] = facts()["contact"]
    worded = {name: in_own_language(value) for name, value in known.items()}
    return worded | {"phone_link": worded["phone"].replace(" ", "")}


def appeal() -> str:
    """How a decision is appealed against (hallintolaki 46 and 47 §), in the reader's language."""
    return in_own_language(facts()["decision"]["appeal"])


def accessibility() -> dict[str, Any]:
    """The statement: the days it was made and updated, and the known gaps in words."""
    statement: dict[str, Any] = facts()["accessibility"]
    gaps = [gap | {"text": in_own_language(gap["text"])} for gap in statement["gaps"]]
    return statement | {"gaps": gaps}


def in_own_language(value: str | dict[str, str]) -> str:
    """The reader's language of a table of languages; a plain text is the same for all."""
    if isinstance(value, str):
        return value
    return value.get(get_language() or "fi", value["fi"])
