"""Lists as CSV files for spreadsheets."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from django.http import StreamingHttpResponse
from django.utils import translation

BATCH = 500
"""The number of rows read at once."""
# Spreadsheets run a cell that starts with one of these as a formula (OWASP, CSV injection); the
# full-width signs do so in Japanese and Chinese versions.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def answer(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    """Return header and rows as the download `name`.csv.

    It is semicolon-separated UTF-8 with a byte order mark, as Excel reads it. Each row is streamed
    as soon as it is made, in the language of the request.
    """
    response = StreamingHttpResponse(
        _in_language(written(head, rows), translation.get_language()), content_type="text/csv"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def written(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield the bytes of the file, a row at a time."""
    writer = csv.writer(_Echo(), delimiter=";", lineterminator="\r\n")
    yield "\ufeff".encode()
    for row in chain([head], rows):
        yield writer.writerow([quoted(cell) for cell in row]).encode()


class _Echo:
    """A file object whose `write` returns the text."""

    def write(self, text: str) -> str:
        return text


def _in_language(parts: Iterator[bytes], language: str | None) -> Iterator[bytes]:
    """Yield the parts in the language, which is no longer active while the response is streamed."""
    while True:
        with translation.override(language):
            part = next(parts, None)
        if part is None:
            return
        yield part


def quoted(cell: str) -> str:
    """Return the cell, escaped so that no spreadsheet runs it as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
