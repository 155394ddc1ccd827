"""Reads events from the database as leaves, and finds out up to which number they are final.

An event gets its number before its transaction ends, so an event with a lower number may be
committed later. A transaction that inserts an event holds a lock on the table from before it gets
the number until its end. So all numbers up to `last_number()` are final once the transactions in
`writers()`, read after it, have ended.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from certportal.foundation.database.prepared_statements import Statement
from certportal.foundation.database.statements import execute
from certportal.foundation.event_log.leaves import event_of, leaf_of
from certportal.foundation.models import Event

_TABLE = Event._meta.db_table
_AS_JSON = f"""
    SELECT json_build_object(
        'id', id, 'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'actor', actor, 'action', action, 'object_type', object_type, 'object_id', object_id,
        'organisation_id', organisation_id, 'refused', refused, 'data', data,
        'request_id', request_id
    )::text FROM {_TABLE}
"""  # noqa: S608 (the table's own name)
_AT_ONCE = 5000
# These run for each certificate that is signed by itself: planning them takes longer.
_LAST_NUMBER = Statement(
    f"SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('{_TABLE}', 'id')), 0)", []
)
_WRITERS = Statement(
    f"""
    SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND relation = to_regclass('{_TABLE}') AND mode = 'RowExclusiveLock'
    AND pid IS DISTINCT FROM pg_backend_pid()
    """,  # noqa: S608 (the table's own name)
    [],
)
_NEXT = Statement(
    f"{_AS_JSON} WHERE id > %s AND id <> ALL(%s) ORDER BY id LIMIT %s",
    ["bigint", "bigint[]", "bigint"],
)
_OF_NUMBERS = Statement(f"{_AS_JSON} WHERE id = ANY(%s) ORDER BY id", ["bigint[]"])
_ABOUT = Statement(
    f"{_AS_JSON} WHERE object_type = %s AND object_id = ANY(%s) AND action = ANY(%s) ORDER BY id",
    ["text", "text[]", "text[]"],
)


def last_number() -> int:
    """Return the highest number given to an event, committed or not."""
    ((number,),) = execute(_LAST_NUMBER)
    return int(number)


def writers() -> frozenset[str]:
    """Return the ids of other open transactions that may have inserted events."""
    return frozenset(name for (name,) in execute(_WRITERS))


def next_leaves(number: int, *, but: Iterable[int], most: int) -> list[bytes]:
    """Return the leaves of the first committed events after this one, without those numbered so."""
    return _leaves(_NEXT, [number, list(but), most])


def leaves(numbers: Sequence[int]) -> list[bytes]:
    """Return the leaves of these events, in the order of their numbers."""
    return _leaves(_OF_NUMBERS, [list(numbers)])


def leaves_about(kind: str, ids: list[str], actions: list[str]) -> list[bytes]:
    """Return the leaves of the events with these actions about objects of the kind, by id."""
    return _leaves(_ABOUT, [kind, ids, actions])


def _leaves(statement: Statement, parameters: Sequence[Any]) -> list[bytes]:
    return [leaf_of(json.loads(row)) for (row,) in execute(statement, parameters)]


def every_leaf() -> Iterator[bytes]:
    """Yield the leaf of every event, in the order of their numbers, from one snapshot."""
    return leaves_after(None)


def leaves_after(number: int | None) -> Iterator[bytes]:
    """Yield the leaf of every event after this number, in their order, from one snapshot."""
    where = "true" if number is None else "id > %s"
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(f"{_AS_JSON} WHERE {where} ORDER BY id", [] if number is None else [number])
        while rows := cursor.fetchmany(_AT_ONCE):
            for (row,) in rows:
                yield leaf_of(json.loads(row))


def insert(entries: Iterable[bytes]) -> int:
    """Insert events that are only in the log, under their numbers; return how many.

    The sequence of numbers is raised above them. An event whose data was too long for the log is
    inserted with the hash of the data.
    """
    events = [event_of(entry) for entry in entries]
    for event in events:
        digest = event.pop("data_sha256", None)
        event["data"] = event.get("data", {"sha256": digest})
    with transaction.atomic():
        Event.objects.bulk_create([Event(**event) for event in events], batch_size=1000)
        lift_numbers(max((event["id"] for event in events), default=0))
    return len(events)


def lift_numbers(number: int) -> None:
    """Raise the sequence, so that the next event's number is higher than this one."""
    execute(
        "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s) WHERE %s > %s",
        [_TABLE, number, number, last_number()],
    )
