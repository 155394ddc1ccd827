"""What most tests begin with is the same whether it was made for a test or put back."""

import pytest
from django.db import transaction

from tests import begun

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
