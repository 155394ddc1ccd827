import json
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.register.models import RegisterRecord
from accounts.register.source import codeserver_api
from tests.benchmarks import invented


def rows(units, **options):
    return [codeserver_api.read_code(code) for code in invented.invent(units, **options)]


def test_the_same_seed_gives_the_same_register():
    assert rows(300) == rows(300)
    assert rows(300) != rows(300, seed=2)


def test_it_has_as_many_units_as_asked_each_with_a_code_of_its_own():
    found = rows(5000)
    assert len({row.oid for row in found}) == len(found) == 5000


def test_units_hang_together_in_trees_under_valid_business_ids():
    found = {row.oid: row for row in rows(5000)}
    for row in found.values():
        assert row.business_id.startswith("99")
        assert found[row.provider_oid].business_id == row.business_id
        assert row.parent_oid in found or row.oid == row.provider_oid
        assert row.attributes["Huomautus"] == ["Keksitty esimerkki"]


def test_a_change_renames_a_share_of_the_units():
    codes = list(invented.invent(1000))
    changed = [codeserver_api.read_code(code) for code in invented.change(codes, 0.02)]
    known = {row.key for row in rows(1000)}
    assert len(changed) == 20
    assert all(row.key in known and row.long_name.endswith("(uusi nimi)") for row in changed)


@pytest.mark.django_db
def test_it_can_be_imported(tmp_path):
    path = tmp_path / "register.json"
    path.write_text(json.dumps({"conceptCodes": list(invented.invent(200))}))
    call_command("import_register", str(path), stdout=StringIO(), stderr=StringIO())
    assert RegisterRecord.objects.filter(known_to=None).count() == 200
