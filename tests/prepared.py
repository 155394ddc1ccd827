"""Statements about all tables, which tests ask again and again: planned once in a session.

To plan such a statement takes several times as long as to run it.
"""

from typing import Any

from django.db import connection

_names: dict[str, str] = {}
_session: Any = None
"""The driver's connection to the session that knows the statements by these names."""


def rows(statement: str) -> list[tuple[Any, ...]]:
    """Return what the statement finds, unseen by whoever watches Django's queries."""
    global _session
    if _session is not connection.connection:
        _session = connection.connection
        _names.clear()
    with _session.cursor() as cursor:
        if statement not in _names:
            name = f"asked_{len(_names)}"
            cursor.execute(f"PREPARE {name} AS {statement}")
            _names[statement] = name
        cursor.execute(f"EXECUTE {_names[statement]}")
        return list(cursor.fetchall())
