"""Advisory locks of the database: one at a time per matter, with no row or transaction held."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from certportal.foundation.errors import Unavailable


class Busy(Unavailable):
    """Another worker is at the same matter."""


def _keys(names: Iterable[str]) -> list[int]:
    """The lock numbers, always in the same order, so that two who want the same never wait."""
    digests = {hashlib.sha256(name.encode()).digest() for name in names}
    return sorted(int.from_bytes(digest[:8], signed=True) for digest in digests)


_HOLD = "SELECT pg_advisory_xact_lock(name) FROM unnest(%s::bigint[]) name"


def hold(*names: str) -> None:
    """Wait for the locks and keep them to the end of the transaction at hand."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [_keys(names)])


def held(
    statement: str, parameters: Sequence[list[str] | list[int]], *names: str
) -> list[tuple[Any, ...]]:
    """Do as ``hold`` and then run the statement, in one round trip; its rows.

    It sees all that was committed before the locks were free: in READ COMMITTED each statement
    of a message has a snapshot of its own.
    """
    with connection.cursor() as cursor:
        if names:
            cursor.execute(f"{_HOLD}; {statement}", [_keys(names), *parameters])
        else:
            cursor.execute(statement, parameters)
        return list(cursor.fetchall())


@contextmanager
def alone(*names: str) -> Iterator[None]:
    """Hold the locks outside any transaction, or raise Busy at once.

    The database lets them go when this process dies, however it dies.
    """
    wanted = _keys(names)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, pg_try_advisory_lock(name) FROM unnest(%s::bigint[]) name", [wanted]
        )
        taken = [name for name, free in cursor.fetchall() if free]
    try:
        if taken != wanted:
            raise Busy(", ".join(names))
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_unlock(name) FROM unnest(%s::bigint[]) name", [taken]
            )
