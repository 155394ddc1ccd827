"""Registers from files: the code server's JSON pages, or the list of intermediaries."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from accounts.register import csapi, intermediaries
from accounts.register.models import Kind
from accounts.register.rows import Row

SAMPLE = Path(__file__).parent / "sample"
SAMPLE_UNITS = sorted(SAMPLE.glob("sote-units-*.json"))
SAMPLE_INTERMEDIARIES = [SAMPLE / "intermediaries.json"]


def read_files(
    paths: Iterable[Path], *, progress: Callable[[Path], None] = lambda path: None
) -> dict[Kind, list[Row]]:
    """The rows in *paths* by register; ``progress`` hears of each file when it is read.

    Raises:
        Malformed: a file is not JSON, or neither kind of list.
        OSError: a file cannot be read.
    """
    found: dict[Kind, list[Row]] = {}
    for path in paths:
        kind, rows = read_bytes(path.read_bytes())
        found.setdefault(kind, []).extend(rows)
        progress(path)
    return {kind: csapi.without_repeats(rows) for kind, rows in found.items()}


def read_bytes(data: bytes) -> tuple[Kind, list[Row]]:
    """The register and the rows that one file's *data* holds.

    Raises:
        Malformed: it is not JSON, or neither kind of list.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise csapi.Malformed("not JSON") from error
    if isinstance(document, dict) and "intermediaries" in document:
        return Kind.INTERMEDIARY, intermediaries.read_list(document)
    return Kind.SOTE_UNIT, csapi.read_page(document).rows
