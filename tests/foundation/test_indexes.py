"""A migration that makes indexes without a lock can be killed and run again."""

import pytest
from django.db import connection
from django.db.migrations import AlterField
from django.db.migrations.loader import MigrationLoader

from certportal.foundation.database.indexes import AddIndexAgain

VALID = """
SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = 'foundation_event'::regclass AND relname = ANY(%s)
"""
KEY = ("foundation", "0010_event_search")


FOREIGN_KEYS = "SELECT oid, conname FROM pg_constraint WHERE contype = 'f' ORDER BY oid"


def valid(names: list[str]) -> dict[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(VALID, [names])
        return dict(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_what_was_left_of_a_killed_run_is_made_anew() -> None:
    """The first index was made, the second is invalid, and the last is not there."""
    loader = MigrationLoader(connection)
    migration = loader.get_migration(*KEY)
    operations = [each for each in migration.operations if isinstance(each, AddIndexAgain)]
    names = [each.index.name for each in operations]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [names[1]]
        )
        cursor.execute(f"DROP INDEX {names[-1]}")
    assert valid(names) == {names[0]: True, names[1]: False} | dict.fromkeys(names[2:-1], True)
    with connection.schema_editor(atomic=False) as editor:
        migration.apply(loader.project_state(KEY, at_end=False), editor)
    assert valid(names) == dict.fromkeys(names, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["0043_account_lists", "0055_orders_of_sender"])
def test_a_foreign_key_that_loses_its_index_is_not_made_anew(name: str) -> None:
    """Rows are written meanwhile, and a run that is killed leaves none without it."""
    loader, key = MigrationLoader(connection), ("applications", name)
    state = loader.project_state(key, at_end=False)
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS)
        kept = cursor.fetchall()
    for operation in loader.get_migration(*key).operations:
        before = state.clone()
        operation.state_forwards("applications", state)
        if not isinstance(operation, AlterField):
            continue
        table = f"applications_{operation.model_name_lower}"
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE INDEX of_key ON {table} ({operation.name}_id)")
            for _run in range(2):
                with connection.schema_editor(atomic=False) as editor:
                    operation.database_forwards("applications", editor, before, state)
            cursor.execute("SELECT to_regclass('of_key')")
            assert cursor.fetchone() == (None,)
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS)
        assert cursor.fetchall() == kept
