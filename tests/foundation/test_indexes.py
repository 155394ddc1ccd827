"""A migration that makes indexes without a lock can be killed and run again."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from certportal.foundation.indexes import AddIndexAgain

VALID = """
SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = 'foundation_event'::regclass AND relname = ANY(%s)
"""
KEY = ("foundation", "0010_event_search")


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
