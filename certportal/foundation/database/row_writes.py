"""Inserting and updating rows by statements whose text is cached per process.

A faster `bulk_create`, and a faster `save` of some fields, for what is written with each
certificate, where compiling the statement takes longer than executing it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, models
from django.db.models import AutoField, Field, Model

from certportal.foundation.database.statements import execute


def insert(rows: Sequence[Model]) -> None:
    """Insert rows of one model and set their primary keys. Raises IntegrityError.

    Only for models without `pre_save` fields, database defaults or parent models.
    """
    if not rows:
        return
    table, fields, returning = _statement(type(rows[0]))
    read = attrgetter(*(field.attname for field, _ in fields))
    places = f"({', '.join(['%s'] * len(fields))})"
    values = [
        _prepared(value, field, plain)
        for row in rows
        for value, (field, plain) in zip(read(row), fields, strict=True)
    ]
    keys = execute(f"{table} VALUES {', '.join([places] * len(rows))} {returning}", values)
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk, row._state.adding, row._state.db = key, False, connection.alias


def update(row: Model, *names: str) -> None:
    """Store the fields of these names, as `save(update_fields=names)` does.

    Only for models as for `insert`. Raises DatabaseError if the row no longer exists.
    """
    sql, fields = _update_statement(type(row), names)
    values = [_prepared(getattr(row, field.attname), field, plain) for field, plain in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if cursor.rowcount != 1:
            raise DatabaseError(f"no row {row.pk} of {row._meta.label} was updated")


def _prepared(value: Any, field: "Field[Any, Any]", plain: type | None) -> Any:
    if value is None or type(value) is plain:
        return value
    return field.get_db_prep_save(value, connection)


# Values of exactly these types, and None, are passed to the driver unconverted; Django would
# examine each one. Datetimes are always aware, which ruff's DTZ rules enforce.
_PLAIN: dict[type, type] = {
    models.BigAutoField: int,
    models.BinaryField: bytes,
    models.BooleanField: bool,
    models.CharField: str,
    models.DateTimeField: datetime,
    models.PositiveIntegerField: int,
    models.PositiveSmallIntegerField: int,
    models.TextField: str,
    models.UUIDField: UUID,
}

type _Fields = list[tuple[Field[Any, Any], type | None]]


def _plain(field: "Field[Any, Any]") -> type | None:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return _PLAIN.get(type(target))


@cache
def _statement(model: type[Model]) -> tuple[str, "_Fields", str]:
    fields = [each for each in model._meta.concrete_fields if not isinstance(each, AutoField)]
    names = ", ".join(f'"{each.column}"' for each in fields)
    head = f'INSERT INTO "{model._meta.db_table}" ({names})'
    typed = [(each, _plain(each)) for each in fields]
    return head, typed, f'RETURNING "{model._meta.pk.column}"'


@cache
def _update_statement(model: type[Model], names: tuple[str, ...]) -> tuple[str, "_Fields"]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    key = model._meta.pk
    assigned = ", ".join(f'"{each.column}" = %s' for each in fields)
    sql = f'UPDATE "{model._meta.db_table}" SET {assigned} WHERE "{key.column}" = %s'  # noqa: S608
    return sql, [(each, _plain(each)) for each in (*fields, key)]
