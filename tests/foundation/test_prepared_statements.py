"""PostgreSQL plans a frequent statement once in a connection; a changed table breaks nothing."""

import pytest
from django.db import connection, transaction
from psycopg2 import errors

from accounts.models import Person, StaffRole
from certportal.dev.builders import people as people_of
from certportal.foundation.database.combined_queries import Values, compiled_for, read_all
from certportal.foundation.database.prepared_statements import Statement

PREPARED = "SELECT statement FROM pg_prepared_statements"


@compiled_for("a name", "a language")
def people(name, language):
    """Return the given names of those of a family who read the language; never of deleted ones."""
    of_family = Person.objects.filter(family_name=name, language=language)
    return Values(of_family.exclude(given_name="100 % nobody").values_list("given_name"))


@compiled_for("a kind")
def roles(kind):
    return Values(StaffRole.objects.filter(kind=kind).values_list("kind"))


def rows(sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def prepared(words):
    return [statement for (statement,) in rows(PREPARED) if words in statement]


@pytest.fixture
def virtanen(db):
    return people_of.make_person("Maija Virtanen")


def test_a_compiled_query_is_prepared_once_in_a_connection(virtanen):
    for _ in range(8):
        assert people("Virtanen", "fi").alone() == [("Maija",)]
        assert people("O'Hara %s", "sv").alone() == []
    (statement,) = prepared("nobody")
    assert "$1" in statement
    assert "$2" in statement
    assert "'100 % nobody'" in statement


def test_queries_asked_together_are_prepared_as_one(virtanen):
    for _ in range(8):
        assert read_all(people("Virtanen", "fi"), roles("reviewer")) == [[("Maija",)], []]
    (statement,) = (each for each in prepared("nobody") if "generate_series" in each)
    assert "$3" in statement


def test_a_query_beside_one_that_is_compiled_each_time_is_not_prepared(virtanen):
    before = len(rows(PREPARED))
    found = read_all(people("Virtanen", "fi"), Values(StaffRole.objects.values_list("kind")))
    assert found == [[("Maija",)], []]
    assert len(rows(PREPARED)) == before


ROWS_OF = Statement("SELECT word FROM changing WHERE number = %s", ["bigint"])
CHANGES = {
    "ALTER TABLE changing ALTER COLUMN word TYPE varchar(20)": errors.FeatureNotSupported,
    "DEALLOCATE ALL": errors.InvalidSqlStatementName,
}


@pytest.fixture
def changing(transactional_db):
    """A table of one row, which the statement has read."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE changing AS SELECT 1 AS number, 'a'::text AS word")
        assert rows(ROWS_OF, [1]) == [("a",)]
        yield cursor
        cursor.execute("DROP TABLE changing")


@pytest.mark.parametrize("change", CHANGES)
def test_a_statement_that_a_migration_made_invalid_is_prepared_anew_at_once(changing, change):
    changing.execute(change)
    assert rows(ROWS_OF, [1]) == [("a",)]


@pytest.mark.parametrize(("change", "error"), CHANGES.items())
def test_inside_a_transaction_it_fails_once(changing, change, error):
    changing.execute(change)
    with pytest.raises(Exception) as failed, transaction.atomic():
        rows(ROWS_OF, [1])
    assert isinstance(failed.value.__cause__, error)
    with transaction.atomic():
        assert rows(ROWS_OF, [1]) == [("a",)]


def test_a_lost_connection_takes_its_statements_with_it(transactional_db):
    assert roles("reviewer").alone() == []
    connection.close()
    assert roles("reviewer").alone() == []
    assert len(prepared("staffrole")) == 1
