"""Set-based writing of the mirror: COPY into a staging table, compare, close and insert.

Everything runs in the caller's transaction, so that a failed import changes nothing. `CopyStream`
is the inner loop: it must encode 100,000 rows about as fast as PostgreSQL reads them, hence the
caches and the single join per row.
"""
# ruff: noqa: S608 (statements are built from this file's constants, values are bound)

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import connection

from accounts.register.lookup import queries
from accounts.register.lookup.folding import LONGEST_NAME, fold_cached, words_of
from accounts.register.models import RegisterRun
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


RECORDS = "register_registerrecord"
_COLUMNS = ", ".join(COLUMNS)
# The columns used in query conditions; autovacuum analyses the others later.
_PLANNED = "kind, oid, valid_from, known_to, business_id, status, search_name, search_words"
_LOCK = 0x5245_4749  # "REGI": one writer of the mirror at a time


@dataclass(frozen=True)
class Counts:
    """Counts of an import: rows by kind of change; ``ended`` counts units that cease to be valid
    now or within a month; ``standing_before`` those valid in the mirror before it. ``modified``:
    when the source last changed one of the rows, as it writes it.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    ended: int = 0
    standing_before: int = 0
    modified: str = ""


@dataclass(frozen=True)
class Difference:
    """One row that was added, changed or removed, and the differing fields before and after."""

    oid: str
    change: str
    before: dict[str, Any]
    after: dict[str, Any]


def lock() -> bool:
    """Take the writer's lock until the transaction ends; False if another import holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def hold_run(key: int) -> None:
    """Let others see that the process of a run is at work, until it ends or `release_run`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [queries.RUN_LOCK, key])


def release_run(key: int) -> None:
    """Let others see that the process of a run has done its work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [queries.RUN_LOCK, key])


def is_empty() -> bool:
    """Whether the mirror has no row of any register yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT NOT EXISTS (SELECT FROM {RECORDS})")
        return bool(cursor.fetchone()[0])


def load(run: RegisterRun, rows: Iterable[Row], *, now: datetime) -> Counts:
    """Fill the empty mirror: drop the indexes, COPY, then build them once.

    Only the table's owner may drop indexes; for another account they stay, which takes longer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes"
            " JOIN pg_tables USING (schemaname, tablename)"
            " WHERE tablename = %s AND schemaname = current_schema()"
            " AND indexname NOT LIKE '%%pkey' AND pg_has_role(tableowner, 'USAGE')",
            [RECORDS],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        stream = _copy(cursor, RECORDS, run, rows, now)
        for _, definition in indexes:
            cursor.execute(definition)
        _keep_words(cursor, stream.words)
        cursor.execute(f"ANALYZE {RECORDS} ({_PLANNED}), register_registerword")
    return Counts(read=stream.count, added=stream.count, modified=stream.modified)


def stage(run: RegisterRun, rows: Iterable[Row], *, now: datetime, today: date) -> Counts:
    """Load *rows* into a staging table and compare them with the mirror, which stays unchanged."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS register_staging, register_difference")
        cursor.execute(
            f"CREATE TEMP TABLE register_staging ON COMMIT DROP AS"
            f" SELECT {_COLUMNS} FROM {RECORDS} WITH NO DATA"
        )
        cursor.execute("ALTER TABLE register_staging ADD line bigint GENERATED ALWAYS AS IDENTITY")
        stream = _copy(cursor, "register_staging", run, rows, now)
        cursor.execute("ANALYZE register_staging (oid, valid_from)")
        _compare(cursor, run, today)
        _keep_words(cursor, stream.words)
        return _count(cursor, run.kind, today, stream)


def apply(*, now: datetime) -> None:
    """Apply the staged differences: close changed and removed records, insert the new ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {RECORDS} r SET known_to = greatest(%s, known_from)"
            " FROM register_difference d"
            " WHERE r.id = d.old_id",
            [now],
        )
        cursor.execute(
            f"INSERT INTO {RECORDS} ({_COLUMNS}) SELECT {_COLUMNS} FROM register_staging"
            " WHERE line IN (SELECT line FROM register_difference)"
        )


def differences() -> list[Difference]:
    """The staged differences, ordered by OID."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.oid, to_jsonb(r), to_jsonb(s) FROM register_difference d"
            f" LEFT JOIN {RECORDS} r ON r.id = d.old_id"
            " LEFT JOIN register_staging s ON s.line = d.line ORDER BY d.oid, d.line"
        )
        return [_difference(*row) for row in cursor.fetchall()]


def ending(limit: int) -> list[tuple[str, str]]:
    """OID and name of the units that the staged differences would end, at most *limit*."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.oid, max(r.long_name) FROM register_difference d LEFT JOIN {RECORDS} r"
            f" ON r.id = d.old_id GROUP BY d.oid HAVING {_ENDS}"
            " ORDER BY d.oid LIMIT %s",
            [limit],
        )
        return list(cursor.fetchall())


def _copy(
    cursor: Any, table: str, run: RegisterRun, rows: Iterable[Row], now: datetime
) -> CopyStream:
    stream = CopyStream(rows, kind=run.kind, run_id=run.pk, now=now)
    with stream.errors_shown():
        cursor.copy_expert(f"COPY {table} ({_COLUMNS}) FROM STDIN", stream)
    return stream


_SAME = "coalesce(s.valid_from, '-infinity') = coalesce(c.valid_from, '-infinity')"
_STANDS = (
    "({0}.oid IS NOT NULL AND {0}.status = 'ACTIVE'"
    " AND coalesce({0}.valid_from, '-infinity') <= %(today)s"
    " AND coalesce({0}.valid_to, 'infinity') >= %(today)s)"
)
# A validity period that the source newly ends within this time counts as ended already; a code
# that has a later period does not end.
_SOON = timedelta(days=31)
_LASTS = (
    "({0}.oid IS NOT NULL AND {0}.status = 'ACTIVE'"
    " AND coalesce({0}.valid_to, 'infinity') >= %(soon)s)"
)
_ENDS = "bool_or(stood) AND NOT (bool_or(stands) AND (bool_or(lasts) OR NOT bool_or(lasted)))"
_CURRENT = f"(SELECT * FROM {RECORDS} WHERE kind = %(kind)s AND known_to IS NULL) c"
_SELECTION = (
    "SELECT coalesce(s.oid, c.oid) AS oid, c.id AS old_id, s.line AS line,"
    f" {_STANDS.format('c')} AS stood, {_STANDS.format('s')} AS stands,"
    f" {_LASTS.format('c')} AS lasted, {_LASTS.format('s')} AS lasts"
)


def _compare(cursor: Any, run: RegisterRun, today: date) -> None:
    """Fill register_difference. In a delta, a record without a row is kept, unless its validity
    period overlaps that of a row with the same OID: the source has then corrected its days."""
    full = run.scope == RegisterRun.Scope.FULL
    query = (
        f"CREATE TEMP TABLE register_difference ON COMMIT DROP AS {_SELECTION}"
        f" FROM register_staging s {'FULL' if full else 'LEFT'} JOIN {_CURRENT}"
        f" ON s.oid = c.oid AND {_SAME} WHERE s.content_hash IS DISTINCT FROM c.content_hash"
    )
    if not full:
        query += (
            f" UNION ALL SELECT c.oid, c.id, NULL, {_STANDS.format('c')}, false,"
            f" {_LASTS.format('c')}, false"
            f" FROM register_staging s JOIN {_CURRENT} ON s.oid = c.oid AND NOT ({_SAME})"
            " AND coalesce(s.valid_from, '-infinity') <= coalesce(c.valid_to, 'infinity')"
            " AND coalesce(c.valid_from, '-infinity') <= coalesce(s.valid_to, 'infinity')"
            " WHERE NOT EXISTS (SELECT FROM register_staging o WHERE o.oid = c.oid AND"
            " coalesce(o.valid_from, '-infinity') = coalesce(c.valid_from, '-infinity'))"
        )
    cursor.execute(query, {"kind": run.kind, "today": today, "soon": today + _SOON})


def _count(cursor: Any, kind: str, today: date, stream: CopyStream) -> Counts:
    cursor.execute(
        "SELECT count(*) FILTER (WHERE old_id IS NULL),"
        " count(*) FILTER (WHERE old_id IS NOT NULL AND line IS NOT NULL),"
        " count(DISTINCT old_id) FILTER (WHERE line IS NULL),"
        f" (SELECT count(*) FROM (SELECT FROM register_difference GROUP BY oid HAVING {_ENDS}) e),"
        f" (SELECT count(DISTINCT c.oid) FROM {_CURRENT} WHERE {_STANDS.format('c')})"
        " FROM register_difference",
        {"kind": kind, "today": today},
    )
    return replace(Counts(stream.count, *cursor.fetchone()), modified=stream.modified)


def _keep_words(cursor: Any, words: set[str]) -> None:
    cursor.execute(
        "INSERT INTO register_registerword SELECT DISTINCT left(w, 100) FROM unnest(%s::text[]) w"
        " WHERE length(w) > 2 ON CONFLICT DO NOTHING",
        [list(words)],
    )


def _difference(oid: str, old: str | None, new: str | None) -> Difference:
    before, after = json.loads(old or "{}"), json.loads(new or "{}")
    change = "changed" if old and new else "added" if new else "removed"
    different = [name for name in STATED if before.get(name) != after.get(name)]
    return Difference(
        oid,
        change,
        {name: before[name] for name in different if name in before},
        {name: after[name] for name in different if name in after},
    )
