"""Reading of registers from files: the code server's JSON pages, or a list of intermediaries."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from accounts.register.models import Kind
from accounts.register.source import codeserver_api, intermediaries
from accounts.register.source.rows import Row

SAMPLE = Path(__file__).parent.parent / "sample"
SAMPLE_UNITS = sorted(SAMPLE.glob("sote-units-*.json"))
SAMPLE_INTERMEDIARIES = [SAMPLE / "intermediaries.json"]


class Watch(Protocol):
    """Passes items through, and may show progress meanwhile."""

    def __call__(self, label: str, items: Sequence[Any], /) -> Iterable[Any]:
        """The same items in the same order."""


def unwatched(_label: str, items: Sequence[Any], /) -> Iterable[Any]:
    """The items, without showing progress."""
    return items


def read_files(paths: Iterable[Path], *, watch: Watch = unwatched) -> dict[Kind, list[Row]]:
    """The rows of the files, by register; ``watch`` is called with the entries of each file.

    Raises:
        Malformed: a file, which it names, is not in one of the two formats; or most units have no
            name.
        OSError: a file cannot be read.
    """
    found: dict[Kind, list[Row]] = {}
    for path in paths:
        try:
            kind, rows = read_bytes(path.read_bytes(), label=path.name, watch=watch)
        except codeserver_api.Malformed as error:
            raise codeserver_api.Malformed(f"{path.name}: {error}") from error
        found.setdefault(kind, []).extend(rows)
    codeserver_api.require_names(found.get(Kind.SOTE_UNIT, []))
    return {kind: codeserver_api.without_repeats(rows) for kind, rows in found.items()}


def read_bytes(data: bytes, *, label: str = "", watch: Watch = unwatched) -> tuple[Kind, list[Row]]:
    """The register and the rows of one file's content.

    Raises:
        Malformed: it is not in one of the two formats.
    """
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return Kind.INTERMEDIARY, intermediaries.read_entries(intermediaries.read_csv(data))
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise codeserver_api.Malformed("not JSON") from error
    if isinstance(document, dict) and "intermediaries" in document:
        return Kind.INTERMEDIARY, intermediaries.read_list(document)
    entries = watch(label, codeserver_api.entries_of(document))
    return Kind.SOTE_UNIT, [codeserver_api.read_code(entry) for entry in entries]
