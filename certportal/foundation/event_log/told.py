"""What the log tells of rows that matter: in a temporary table, to be compared with the rows.

The entries come from the log, not from the database's events. Those that the log does not have
yet are added at the moment at which the rows are read.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection, transaction

from certportal.foundation.event_log import stored

_AT_ONCE = 5000
_BEGIN = b'{"action":"'
# `whom` says for operators who did it, when, and which event it is. `at` is empty for a time that
# no clock gives, which only somebody by hand can have written.
_TABLE = """
CREATE TEMPORARY TABLE told (
    event bigint, at timestamptz, actor text, action text, about text, organisation text,
    data jsonb, whom text
)
"""
_TAKE = r"""
INSERT INTO told
SELECT (leaf->>'id')::bigint,
       CASE WHEN leaf->>'at' ~ '^\d{4}-\d\d-\d\dT' THEN (leaf->>'at')::timestamptz END,
       leaf->>'actor', leaf->>'action', leaf->>'object_id', leaf->>'organisation_id', leaf->'data',
       concat(leaf->>'actor', ' at ', leaf->>'at', ' (event ', leaf->>'id', ')')
FROM unnest(%s::text[]) line, LATERAL (SELECT line::jsonb AS leaf) parsed
WHERE NOT (leaf->>'refused')::boolean
"""


class Told(NamedTuple):
    """An event, by its number, that tells of a row; `whom`: who and when, for operators."""

    event: int
    action: str
    about: str
    data: dict[str, Any]
    whom: str


class Collected:
    """The events with these names, in the table `told` of this session, without refused ones."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = {name.encode() for name in names}
        self._waiting: list[str] = []

    def see(self, entry: bytes) -> None:
        """Take an entry of the log if it is one of them."""
        start = len(_BEGIN)
        # The names of a leaf are sorted, so that this one is the first.
        if entry.startswith(_BEGIN) and entry[start : entry.find(b'"', start)] in self._names:
            self._waiting.append(entry.decode())
            if len(self._waiting) == _AT_ONCE:
                self._insert()

    @contextmanager
    def complete(self, horizon: int) -> Iterator[None]:
        """Add the events after this number; in the block rows are read as they stood with them."""
        self._insert()
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            for leaf in stored.leaves_after(horizon):
                self.see(leaf)
            self._insert()
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE told")
            yield

    def _insert(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [self._waiting])
        self._waiting = []


@contextmanager
def collecting(names: Collection[str]) -> Iterator[Collected]:
    """Have a table `told` in the block."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.told")
        cursor.execute(_TABLE)
    yield Collected(names)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pg_temp.told")


def of(names: Collection[str]) -> Iterator[Told]:
    """Yield what the table has of these names, in the order of the events' numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (event) event, action, about, data, whom"
            " FROM told WHERE action = ANY(%s) ORDER BY event",
            [list(names)],
        )
        for event, action, about, data, whom in cursor.fetchall():
            yield Told(event, action, about, _parsed(data), whom)


def _parsed(data: str | None) -> dict[str, Any]:
    """Return the event's data; without any, or if it stands as its hash only, nothing."""
    parsed = json.loads(data) if data else {}
    return parsed if isinstance(parsed, dict) else {}
