"""What most tests begin with is the same whether it was made for a test or put back."""

import pytest
from django.db import connection, transaction

from certportal.dev.builders import people
from certportal.foundation.models import Event
from tests import begun, remembered

pytestmark = pytest.mark.django_db


def files_of_cas(settings, folder):
    """Return the names of the files that CAs leave in the folder; their rows are taken back."""
    folder.mkdir()
    with transaction.atomic():
        begun.put_hierarchy(settings, folder)
        transaction.set_rollback(True)
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


def test_cas_leave_the_same_files_when_they_are_made_and_when_they_are_put_back(
    settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(begun, "_hierarchies", {})
    made, again = (files_of_cas(settings, tmp_path / name) for name in ("made", "again"))
    assert made == again
    # Its id is that of a lease, which neither has yet: the first order that is signed takes it.
    assert not [name for name in made if name.endswith(".identity")]


@pytest.mark.django_db(transaction=True)
def test_what_another_process_wrote_is_not_taken_for_what_a_builder_made(now):
    """It would be put back with it, in the next test that makes the same person."""
    people.make_reviewer("Riitta Ratkaisija", now=now)
    assert remembered._test.state
    other = connection.copy()
    with other.cursor() as cursor:
        kept = "at, actor, action, object_type, object_id, refused, data, request_id"
        table = Event._meta.db_table
        cursor.execute(f"INSERT INTO {table} ({kept}) SELECT {kept} FROM {table} LIMIT 1")
    other.close()
    people.make_reviewer("Raimo Ratkaisija", now=now)
    assert remembered._test.state is None
