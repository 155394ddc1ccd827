"""Lets PostgreSQL plan a frequent statement only once in a connection.

psycopg2 sends each statement as text with its parameters in it, which PostgreSQL parses and plans
anew each time: for a statement of many joins, longer than it runs. `Cursor` prepares a `Statement`
with PREPARE at its first use in a connection, and runs it with EXECUTE. PostgreSQL decides after
five uses whether a plan made for any parameters is as good as one made for these:
https://www.postgresql.org/docs/current/sql-prepare.html
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db.models import BooleanField, F, Func, Value
from psycopg2 import errors, extensions

_TYPES = {datetime: "timestamptz", date: "date", UUID: "uuid", int: "bigint", bool: "boolean"}
_OF_LISTS = _TYPES | {str: "text"}

_numbers = itertools.count(1)
_names = WeakKeyDictionary[extensions.connection, dict[str, str]]()


class Statement(str):
    """SQL with a `%s` for each parameter, and the parameters' types in PostgreSQL.

    What never changes should stand in the SQL itself: PostgreSQL plans without the parameters, so
    no parameter makes it find an index with a condition.
    """

    __slots__ = ("types",)

    types: tuple[str, ...]

    def __new__(cls, sql: str, types: Iterable[str]) -> "Statement":
        statement = super().__new__(cls, sql)
        statement.types = tuple(types)
        return statement


def type_of(value: Any) -> str:
    """Return PostgreSQL's type for a parameter like this; a string's depends on where it stands."""
    if isinstance(value, list):
        return f"{_OF_LISTS[type(value[0])]}[]"
    return _TYPES.get(type(value), "unknown")


class Among(Func):
    """Whether a column has one of the values: one parameter, however many they are.

    PostgreSQL can find the rows by an index for `= ANY`. A subquery (`IN`) is planned without the
    parameters, so PostgreSQL may test the other conditions on all rows first.
    """

    output_field = BooleanField()
    template = "(%(expressions)s::%(kind)s[]))"
    arg_joiner = " = ANY("

    def __init__(self, column: str, kind: str, values: Iterable[Any]) -> None:
        """Take the name of the column, PostgreSQL's type of each value, and the values."""
        super().__init__(F(column), Value(list(values)), kind=kind)


def use_in(connection: Any, **_: object) -> None:
    """Make the connection that Django has opened use `Cursor` (signal `connection_created`)."""
    connection.connection.cursor_factory = Cursor


class Cursor(extensions.cursor):
    """The cursor of all connections of Django: runs a `Statement` as a prepared statement."""

    def execute(self, query: Any, vars: Any = None) -> None:
        """Run the query; prepare it anew if its prepared form has become invalid.

        That raises the driver's error only inside a transaction, which it has aborted.
        """
        if not isinstance(query, Statement):
            super().execute(query, vars)
            return
        try:
            super().execute(*_prepared(self.connection, query, vars))
        except (errors.FeatureNotSupported, errors.InvalidSqlStatementName):
            # A migration changed the type of a column, or the connection forgot its statements.
            _names.pop(self.connection, None)
            if self.connection.get_transaction_status() != extensions.TRANSACTION_STATUS_IDLE:
                raise
            super().execute(*_prepared(self.connection, query, vars))


def _prepared(
    connection: extensions.connection, statement: Statement, parameters: Sequence[Any]
) -> tuple[str, Sequence[Any]]:
    names = _names.setdefault(connection, {})
    if (name := names.get(statement)) is None:
        name = f"statement_{next(_numbers)}"
        _prepare(connection, name, statement)
        names[statement] = name
    places = ", ".join(["%s"] * len(statement.types))
    return f"EXECUTE {name}" + (f" ({places})" if places else ""), parameters


def _prepare(connection: extensions.connection, name: str, statement: Statement) -> None:
    numbers = itertools.count(1)
    sql = re.sub("%[s%]", lambda found: f"${next(numbers)}" if found[0] == "%s" else "%", statement)
    types = f" ({', '.join(statement.types)})" if statement.types else ""
    with extensions.cursor(connection) as cursor:
        cursor.execute(f"PREPARE {name}{types} AS {sql}")
