"""Lists as files for a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from django.http import StreamingHttpResponse
from django.utils import translation

BATCH = 500
"""Rows that are read at once."""
# A cell that begins so is run as a formula by spreadsheets (OWASP, CSV injection); the full-width
# signs are, where the spreadsheet speaks Japanese or Chinese.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def answer(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    """Return the rows under their head as a file to save, named `name`.csv.

    It is semicolon-separated UTF-8 with a byte order mark, as Excel reads it. Each row is sent as
    soon as it is made, in the language of the request.
    """
    response = StreamingHttpResponse(
        _in_language(written(head, rows), translation.get_language()), content_type="text/csv"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def written(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield the octets of the file, a row at a time."""
    writer = csv.writer(_Echo(), delimiter=";", lineterminator="\r\n")
    yield "\ufeff".encode()
    for row in chain([head], rows):
        yield writer.writerow([quoted(cell) for cell in row]).encode()


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _in_language(parts: Iterator[bytes], language: str | None) -> Iterator[bytes]:
    """Yield the parts; the page that the thread shows next may be in another language."""
    while True:
        with translation.override(language):
            part = next(parts, None)
        if part is None:
            return
        yield part


def quoted(cell: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
