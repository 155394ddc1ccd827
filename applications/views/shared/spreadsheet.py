"""Lists as CSV files for spreadsheets."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import batched
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import translation
from django.utils.formats import date_format

BATCH = 500
"""The number of rows read at once."""
SENT_AT_ONCE = 100
"""The number of rows sent at once."""
# Spreadsheets run a cell that starts with one of these as a formula (OWASP, CSV injection); the
# full-width signs do so in Japanese and Chinese versions.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_DIVIDED = re.compile(r"[;,\t\r\n\"]")

type Columns[Row] = Sequence[tuple[Any, Callable[[Row], str]]]
"""Each column's title, translated when it is written, and what its cell says of a row."""


def table[Row](name: str, columns: Columns[Row], rows: Iterable[Row]) -> StreamingHttpResponse:
    """Return the rows as the download `name`.csv (`answer`)."""
    return answer(name, titles(columns), cells(columns, rows))


def titles(columns: Columns[Any]) -> list[str]:
    return [str(title) for title, _cell in columns]


def cells[Row](columns: Columns[Row], rows: Iterable[Row]) -> Iterator[list[str]]:
    return ([cell(row) for _title, cell in columns] for row in rows)


def answer(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    """Return header and rows as the download `name`.csv.

    It is semicolon-separated UTF-8 with a byte order mark, as Excel reads it. The rows are streamed
    as they are made, in the language of the request.
    """
    response = StreamingHttpResponse(
        _in_language(written(head, rows), translation.get_language()), content_type="text/csv"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def written(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield the bytes of the file: the header alone, then some rows at a time."""
    yield f"\ufeff{_line(head)}".encode()
    for some in batched(rows, SENT_AT_ONCE):
        yield "".join(map(_line, some)).encode()


def _line(row: Sequence[str]) -> str:
    return ";".join(_enclosed(quoted(cell)) for cell in row) + "\r\n"


def _enclosed(cell: str) -> str:
    """Return the cell, in quotation marks if any program would divide it (RFC 4180, 2.6).

    An English Excel divides at commas, and LibreOffice at tabs too: the rest could be a formula.
    """
    if not _DIVIDED.search(cell):
        return cell
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


def _in_language(parts: Iterator[bytes], language: str | None) -> Iterator[bytes]:
    """Yield the parts in the language, which is no longer active while the response is streamed."""
    while True:
        with translation.override(language):
            part = next(parts, None)
        if part is None:
            return
        yield part


def day(on: date) -> str:
    """Return the day as the active language writes it."""
    return _written_day(on, translation.get_language())


@lru_cache(maxsize=4096)
def _written_day(on: date, _language: str | None) -> str:
    return date_format(on, "SHORT_DATE_FORMAT")


def quoted(cell: str) -> str:
    """Return the cell, escaped so that no spreadsheet runs it as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
