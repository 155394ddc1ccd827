"""Reading of registers from files: the code server's JSON pages, or a list of intermediaries."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from accounts.register.models import Kind
from accounts.register.source import codeserver_api, intermediaries
from accounts.register.source.codeserver_api import Page
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


def read_files(
    paths: Iterable[Path], *, whole: bool = True, watch: Watch = unwatched
) -> dict[Kind, list[Row]]:
    """The rows of the files, by register; ``watch`` is called with the entries of each file.

    ``whole``: the files are to be all of a register, of which none may be missing.

    Raises:
        Malformed: a file, which it names, is not in one of the two formats; most units have no
            name; or pages are missing.
        OSError: a file cannot be read.
    """
    found: dict[Kind, list[Page]] = {}
    for path in paths:
        try:
            kind, page = read_bytes(path.read_bytes(), label=path.name, watch=watch)
        except codeserver_api.Malformed as error:
            raise codeserver_api.Malformed(f"{path.name}: {error}") from error
        found.setdefault(kind, []).append(page)
    if whole:
        codeserver_api.require_whole(found.get(Kind.SOTE_UNIT, []))
    rows = {kind: [row for page in pages for row in page.rows] for kind, pages in found.items()}
    codeserver_api.require_names(rows.get(Kind.SOTE_UNIT, []))
    return {kind: codeserver_api.without_repeats(each) for kind, each in rows.items()}


def read_bytes(data: bytes, *, label: str = "", watch: Watch = unwatched) -> tuple[Kind, Page]:
    """The register and the page of one file's content.

    Raises:
        Malformed: it is not in one of the two formats.
    """
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        entries = intermediaries.read_csv(data)
        return Kind.INTERMEDIARY, Page(intermediaries.read_entries(entries))
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise codeserver_api.Malformed("not JSON") from error
    if isinstance(document, dict) and "intermediaries" in document:
        return Kind.INTERMEDIARY, Page(intermediaries.read_list(document))
    codes = watch(label, codeserver_api.entries_of(document))
    return Kind.SOTE_UNIT, codeserver_api.page_of(document, codes)
