"""Rows as the text format of PostgreSQL's COPY, hashed and folded on the way."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from accounts.register.folding import fold, words_of
from accounts.register.rows import STATED, Row

COLUMNS = (*STATED, "content_hash", "search_name", "search_words", "kind", "run_id", "known_from")
_NULL = r"\N"
_CHUNK = 256 * 1024
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class CopyStream:
    """What COPY reads from: encodes *rows* as they are asked for.

    ``words`` gathers every word met, for the dictionary that mends typing errors.
    """

    def __init__(self, rows: Iterable[Row], *, kind: str, run_id: int, now: datetime) -> None:
        self.words: set[str] = set()
        self.count = 0
        self._error: Exception | None = None
        self._constant = f"{kind}\t{run_id}\t{now.isoformat()}\n"
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
        """Raise what stopped the rows, which psycopg2 hides behind its own QueryCanceled."""
        try:
            yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise

    def _encode(self, rows: Iterable[Row]) -> Iterator[bytes]:
        lines: list[str] = []
        length = 0
        for row in rows:
            line = self._line(row)
            lines.append(line)
            length += len(line)
            if length > _CHUNK:
                yield "".join(lines).encode()
                lines, length = [], 0
        yield "".join(lines).encode()

    def _line(self, row: Row) -> str:
        self.count += 1
        stated = stated_line(row)
        words = words_of(
            row.long_name, row.abbreviation, row.municipality_code, row.municipality_name
        )
        self.words.update(words)
        name = fold(row.long_name or row.abbreviation)
        return f"{stated}\t{content_hash(stated)}\t{name}\t{' '.join(words)}\t{self._constant}"


def stated_line(row: Row) -> str:
    """Everything the source states of *row*, tab-separated in the order of `STATED`."""
    return "\t".join([_field(getattr(row, name)) for name in STATED])


def content_hash(stated: str) -> str:
    """Hash of a stated line: equal hashes mean an unchanged row."""
    return hashlib.blake2b(stated.encode(), digest_size=16).hexdigest()


def _field(value: object) -> str:
    if value is None:
        return _NULL
    if isinstance(value, str):
        return value.translate(_ESCAPES) if "\\" in value or not value.isprintable() else value
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, ensure_ascii=False).translate(_ESCAPES)
    return str(value)
