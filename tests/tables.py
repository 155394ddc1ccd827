"""What tests do to kept tables: arranging what the service never could, and emptying them after.

PostgreSQL lets a superuser, which the tests' user is, do without triggers for a session.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands import flush
from django.db import connection, models, transaction
from django.db.backends.postgresql.operations import DatabaseOperations

_execute_sql_flush = DatabaseOperations.execute_sql_flush
# What `migrate` writes. Django writes it anew after each flush, at the price of some hundred
# queries; here it stays, except for how often a reason was used.
MIGRATED = {"django_content_type", "auth_permission"}
MIGRATED |= {"applications_readyreason", "applications_readyreasonversion"}


@contextmanager
def unkept() -> Iterator[None]:
    """Let the block change what is kept: time that has passed, a register that said otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            if not connection.needs_rollback:  # else it is taken back with the rest
                cursor.execute("SET session_replication_role = DEFAULT")


def rewrite(rows: models.QuerySet[Any] | models.Manager[Any], **values: Any) -> None:
    """Change rows of a kept table."""
    with unkept():
        rows.update(**values)


def _deletions(
    operations: DatabaseOperations,
    style: Any,
    tables: Collection[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> list[str]:
    """Return the statements that empty the tables.

    Tests leave few rows. Deleting them takes a few milliseconds; TRUNCATE, by which Django empties
    tables, makes new files for every table and index, and could not leave what stays, since that
    refers to what goes. The lock is that of TRUNCATE: what another thread or process has not yet
    committed is waited for, and goes as well. Sequences go on: no test says a number.
    """
    emptied = sorted(set(tables) - MIGRATED)
    if not emptied:
        return []
    names = [operations.quote_name(table) for table in emptied]
    lock = f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE"
    unused = "UPDATE applications_readyreason SET used = 0 WHERE used > 0"
    return [lock, "; ".join([*(f"DELETE FROM {name}" for name in names), unused])]


def _flush_unkept(operations: DatabaseOperations, statements: list[str]) -> None:
    with transaction.atomic(using=operations.connection.alias):
        with operations.connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        _execute_sql_flush(operations, statements)


def let_flush() -> None:
    """Let Django empty the tables after a test, which their triggers refuse, and do it fast."""
    setattr(DatabaseOperations, _execute_sql_flush.__name__, _flush_unkept)
    setattr(DatabaseOperations, DatabaseOperations.sql_flush.__name__, _deletions)
    setattr(flush, "emit_post_migrate_signal", lambda *_args, **_more: None)  # noqa: B010 (typed)
