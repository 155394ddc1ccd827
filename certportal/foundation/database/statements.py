"""Statements written in SQL, where Django's queries do not reach."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


def execute(
    statement: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Execute the statement and return the rows that it gives, [] if it gives none."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall()) if cursor.description else []
