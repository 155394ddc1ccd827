"""The rows of the database as text, which tests compare and put back: `tests/remembered.py`."""

from functools import cache

from django.apps import apps
from django.db import DatabaseError, connection, transaction

from accounts.register.models import RegisterRecord, RegisterWord
from tests import prepared
from tests.tables import MIGRATED

# Large, and changed only by imports.
REGISTER = {RegisterRecord._meta.db_table, RegisterWord._meta.db_table}

type Rows = dict[str, dict[str, None]]
"""By table, as text; the order says nothing."""
type Some = dict[str, list[str]]


def all_rows() -> Rows:
    """Return the rows of each table but the register's."""
    connection.ensure_connection()
    found: Rows = {table: {} for table in _tables()}
    parts = [f"SELECT '{table}', t::text FROM {_quoted(table)} t" for table in found]
    for table, row in prepared.rows(" UNION ALL ".join(parts)):
        found[table][row] = None
    return found


def lacking(rows: Rows, others: Rows) -> Some:
    """Return those of the rows that are not among the others."""
    return {table: [row for row in rows[table] if row not in others[table]] for table in rows}


def changed(rows: Rows, gone: Some, new: Some) -> Rows:
    """Return the rows without those that are gone, and with the new ones."""
    left = {table: dict.fromkeys(rows[table]) for table in rows}
    for table, some in gone.items():
        for row in some:
            del left[table][row]
    return {table: left[table] | dict.fromkeys(new[table]) for table in left}


def put(gone: Some, new: Some) -> None:
    """Take rows out and put others in; raise DatabaseError if they cannot be.

    Triggers and keys are not minded: the rows are as these have let them become.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in gone.items():
            if rows:
                name = _quoted(table)
                cursor.execute(f"DELETE FROM {name} t WHERE t::text = ANY(%s)", [rows])
                if cursor.rowcount != len(rows):
                    raise DatabaseError("other rows than those that were changed")
        inserts, values = [], []
        for table, rows in new.items():
            if rows:
                name = _quoted(table)
                inserts.append(f"INSERT INTO {name} SELECT * FROM unnest(%s::{name}[])")
                values.append(rows)
        inserts.append("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute("; ".join(inserts), values)


def _quoted(table: str) -> str:
    return str(connection.ops.quote_name(table))


@cache
def _tables() -> list[str]:
    every = (model for model in apps.get_models(include_auto_created=True) if model._meta.managed)
    return sorted({model._meta.db_table for model in every} - MIGRATED - REGISTER)
