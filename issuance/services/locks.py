"""PostgreSQL advisory locks by name: one worker at a time for the same reference or CA."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from certportal.foundation.database.statements import execute
from certportal.foundation.errors import Unavailable


class Busy(Unavailable):
    """Another worker holds one of the locks."""


def _keys(names: Iterable[str]) -> list[int]:
    """The lock numbers in a fixed order, so that two workers never deadlock."""
    digests = {hashlib.sha256(name.encode()).digest() for name in names}
    return sorted(int.from_bytes(digest[:8], signed=True) for digest in digests)


_HOLD = "SELECT pg_advisory_xact_lock(name) FROM unnest(%s::bigint[]) name"


def hold(*names: str) -> None:
    """Wait for the locks and hold them until the end of the current transaction."""
    execute(_HOLD, [_keys(names)])


def query_holding(
    statement: str, parameters: Sequence[list[str] | list[int]], *names: str
) -> list[tuple[Any, ...]]:
    """Take the locks as ``hold`` does, run the statement in the same round trip; return its rows.

    The statement sees everything committed before the locks were granted, because in READ
    COMMITTED each statement of a message has its own snapshot.
    """
    if names:
        return execute(f"{_HOLD}; {statement}", [_keys(names), *parameters])
    return execute(statement, parameters)


@contextmanager
def alone(*names: str) -> Iterator[None]:
    """Hold the locks for the session, outside a transaction; raise Busy at once if one is taken.

    The database releases them when the connection ends, so also if this process dies.
    """
    wanted, taken = _keys(names), list[int]()
    try:
        tried = execute(
            "SELECT name, pg_try_advisory_lock(name) FROM unnest(%s::bigint[]) name", [wanted]
        )
        taken = [name for name, free in tried if free]
        if taken != wanted:
            raise Busy(", ".join(names))
        yield
    finally:
        execute("SELECT pg_advisory_unlock(name) FROM unnest(%s::bigint[]) name", [taken])
