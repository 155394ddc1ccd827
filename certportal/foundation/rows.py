"""Inserting many rows with one statement, whose text is made once in a process.

What `bulk_create` does, for the few tables that are written with each certificate: there it is
the compiling of the statement, not the database, that takes the time.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import AutoField, Field, Model


def insert(rows: Sequence[Model]) -> None:
    """Insert rows of one model and give them their keys; constraints raise IntegrityError.

    Only for models without `pre_save` fields, database defaults or parents.
    """
    if not rows:
        return
    table, fields, returning = _statement(type(rows[0]))
    places = f"({', '.join(['%s'] * len(fields))})"
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection)
        for row in rows
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"{table} VALUES {', '.join([places] * len(rows))} {returning}", values)
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk, row._state.adding, row._state.db = key, False, connection.alias


@cache
def _statement(model: type[Model]) -> tuple[str, "list[Field[Any, Any]]", str]:
    fields = [each for each in model._meta.concrete_fields if not isinstance(each, AutoField)]
    names = ", ".join(f'"{each.column}"' for each in fields)
    head = f'INSERT INTO "{model._meta.db_table}" ({names})'
    return head, fields, f'RETURNING "{model._meta.pk.column}"'
