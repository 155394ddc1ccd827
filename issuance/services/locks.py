"""Advisory locks of the database: one at a time per matter, with no row or transaction held."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from certportal.foundation.errors import Unavailable


class Busy(Unavailable):
    """Another worker is at the same matter."""


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def hold(name: str) -> None:
    """Wait for the lock and keep it to the end of the transaction at hand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_key(name)])


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold the lock outside any transaction, or raise Busy at once.

    The database lets it go when this process dies, however it dies.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_key(name)])
        (free,) = cursor.fetchone()
    if not free:
        raise Busy(name)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_key(name)])
