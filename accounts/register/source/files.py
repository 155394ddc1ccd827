"""Registers from files: the code server's JSON pages, or the list of intermediaries."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from accounts.register import csapi, intermediaries
from accounts.register.models import Kind
from accounts.register.rows import Row

SAMPLE = Path(__file__).parent / "sample"
SAMPLE_UNITS = sorted(SAMPLE.glob("sote-units-*.json"))
SAMPLE_INTERMEDIARIES = [SAMPLE / "intermediaries.json"]


class Watch(Protocol):
    """Lets items through, and may show meanwhile how many of them have been read."""

    def __call__(self, label: str, items: Sequence[Any], /) -> Iterable[Any]:
        """The same items in the same order."""


def unwatched(_label: str, items: Sequence[Any], /) -> Iterable[Any]:
    """The items, with nothing shown."""
    return items


def read_files(paths: Iterable[Path], *, watch: Watch = unwatched) -> dict[Kind, list[Row]]:
    """The rows in *paths* by register; ``watch`` sees the entries of each file pass.

    Raises:
        Malformed: a file is neither JSON nor CSV, or neither kind of list, or has no names.
        OSError: a file cannot be read.
    """
    found: dict[Kind, list[Row]] = {}
    for path in paths:
        kind, rows = read_bytes(path.read_bytes(), label=path.name, watch=watch)
        found.setdefault(kind, []).extend(rows)
    csapi.require_names(found.get(Kind.SOTE_UNIT, []))
    return {kind: csapi.without_repeats(rows) for kind, rows in found.items()}


def read_bytes(data: bytes, *, label: str = "", watch: Watch = unwatched) -> tuple[Kind, list[Row]]:
    """The register and the rows that one file's *data* holds.

    Raises:
        Malformed: it is neither JSON nor CSV, or neither kind of list.
    """
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return Kind.INTERMEDIARY, intermediaries.read_entries(intermediaries.read_csv(data))
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise csapi.Malformed("not JSON") from error
    if isinstance(document, dict) and "intermediaries" in document:
        return Kind.INTERMEDIARY, intermediaries.read_list(document)
    entries = watch(label, csapi.entries_of(document))
    return Kind.SOTE_UNIT, [csapi.read_code(entry) for entry in entries]
