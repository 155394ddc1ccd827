"""Loads logged events into the temporary table `told`, for comparison with rows of other tables.

The events come from the log, not from the table of events. Events that are not in the log yet are
added in the same snapshot in which the rows are read.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import transaction

from certportal.foundation.database.statements import execute
from certportal.foundation.event_log import stored

_AT_ONCE = 5000
_BEGIN = b'{"action":"'
# `whom` says for operators who did it, when, and which event it is. `at` is NULL if the time is
# malformed, which only happens to events that were inserted by hand.
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
    """A logged event: number, name, key of its object, data; `whom`: who and when, in words."""

    event: int
    action: str
    about: str
    data: dict[str, Any]
    whom: str


class Collected:
    """Collects the events with these names, except refused ones, in the table `told`."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = {name.encode() for name in names}
        self._waiting: list[str] = []

    def see(self, entry: bytes) -> None:
        """Take an entry of the log if its event has one of the names."""
        start = len(_BEGIN)
        # The names of a leaf are sorted, so `action` is the first.
        if entry.startswith(_BEGIN) and entry[start : entry.find(b'"', start)] in self._names:
            self._waiting.append(entry.decode())
            if len(self._waiting) == _AT_ONCE:
                self._insert()

    @contextmanager
    def complete(self, horizon: int) -> Iterator[None]:
        """Add the events after this number; the block reads rows in the same snapshot."""
        self._insert()
        with transaction.atomic(durable=True):
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            for leaf in stored.leaves_after(horizon):
                self.see(leaf)
            self._insert()
            execute("ANALYZE told")
            yield

    def _insert(self) -> None:
        execute(_TAKE, [self._waiting])
        self._waiting = []


@contextmanager
def collecting(names: Collection[str]) -> Iterator[Collected]:
    """Create the table `told` for the block."""
    execute("DROP TABLE IF EXISTS pg_temp.told")
    execute(_TABLE)
    yield Collected(names)
    execute("DROP TABLE pg_temp.told")


def of(names: Collection[str]) -> Iterator[Told]:
    """Yield the collected events with these names, in the order of their numbers."""
    found = execute(
        "SELECT DISTINCT ON (event) event, action, about, data, whom"
        " FROM told WHERE action = ANY(%s) ORDER BY event",
        [list(names)],
    )
    for event, action, about, data, whom in found:
        # There may be no data, or only the hash of it.
        parsed = json.loads(data) if data else {}
        yield Told(event, action, about, parsed if isinstance(parsed, dict) else {}, whom)
