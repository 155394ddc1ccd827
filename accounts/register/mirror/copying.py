"""Encoding of rows in the text format of PostgreSQL's COPY, with content hash and folded names.

This is the inner loop of an import. It must encode 100,000 rows about as fast as PostgreSQL reads
them, hence the caches and the single join per row.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter

from accounts.register.lookup.folding import LONGEST_NAME, fold_cached, words_of
from accounts.register.source.rows import NUMBERS, STATED, TEXTS, Row

COLUMNS = (*STATED, "content_hash", "search_name", "search_words", "kind", "run_id", "known_from")
# About 50 kB: fits the socket buffer, so that PostgreSQL reads a chunk while the next is encoded.
_CHUNK_ROWS = 100
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_texts = attrgetter(*TEXTS)
_numbers = attrgetter(*NUMBERS)
_to_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


class _Written(dict[object, str]):
    """Cache of the COPY text of numbers, days and NULL."""

    def __missing__(self, value: object) -> str:
        self[value] = text = r"\N" if value is None else str(value)
        return text


_WRITTEN = _Written()


class _WrittenAttributes(dict[str, str]):
    """Cache of the COPY text of attributes by their repr, as similar units have equal ones."""

    def of(self, attributes: Mapping[str, list[str]]) -> str:
        key = repr(attributes)
        found = self.get(key)
        if found is None:
            if len(self) > 10_000:
                self.clear()
            self[key] = found = _to_json(attributes).replace("\\", r"\\")
        return found


_ATTRIBUTES = _WrittenAttributes()


class CopyStream:
    """The file object that COPY reads from; encodes *rows* lazily.

    ``words`` collects all search words, for the dictionary that corrects typing errors; ``count``
    is the number of rows encoded so far, and ``modified`` when the last of them was changed.
    """

    def __init__(self, rows: Iterable[Row], *, kind: str, run_id: int, now: datetime) -> None:
        self.words: set[str] = set()
        self.count, self.modified = 0, ""
        self._error: Exception | None = None
        self._constant = f"\t{kind}\t{run_id}\t{now.isoformat()}\n"
        self._chunks = self._encode(rows)

    def read(self, _size: int = -1) -> bytes:
        """The next chunk, empty at the end (psycopg2 accepts a chunk of any length)."""
        try:
            return next(self._chunks, b"")
        except Exception as error:
            self._error = error
            raise

    @contextmanager
    def errors_shown(self) -> Iterator[None]:
        """Raise the original error of the rows, which psycopg2 hides behind QueryCanceled."""
        try:
            yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise

    def _encode(self, rows: Iterable[Row]) -> Iterator[bytes]:
        lines: list[str] = []
        for row in rows:
            lines.append(self._line(row))
            if row.modified > self.modified:
                self.modified = row.modified
            if len(lines) == _CHUNK_ROWS:
                self.count += _CHUNK_ROWS
                yield "".join(lines).encode()
                lines = []
        self.count += len(lines)
        yield "".join(lines).encode()

    def _line(self, row: Row) -> str:
        stated = stated_line(row)
        words = words_of(
            row.long_name, row.abbreviation, row.municipality_code, row.municipality_name
        )
        self.words |= words
        name = fold_cached(row.long_name or row.abbreviation)[:LONGEST_NAME]
        return "\t".join([stated, content_hash(stated), name, " ".join(words)]) + self._constant


def stated_line(row: Row) -> str:
    """The source's data of *row* in COPY format, tab-separated in the order of `STATED`."""
    texts = "\t".join(_texts(row))
    if "\\" in texts or not texts.replace("\t", "").isprintable():
        texts = "\t".join(text.translate(_ESCAPES) for text in _texts(row))
    numbers = [_WRITTEN[value] for value in _numbers(row)]
    return "\t".join([texts, *numbers, _ATTRIBUTES.of(row.attributes)])


def content_hash(stated: str) -> str:
    """BLAKE2b hash (hex, 128 bits) of a stated line; equal hashes mean an unchanged row."""
    return hashlib.blake2b(stated.encode(), digest_size=16).hexdigest()
