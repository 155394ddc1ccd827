"""Anybody finds a unit in the register, by whatever is known of it, without JavaScript."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind
from accounts.register.source import codeserver_api
from accounts.services.organisations import search
from certportal.foundation import clock
from tests.benchmarks import invented

pytestmark = pytest.mark.usefixtures("english")


def names(client, query, **more):
    page = client.get(reverse("register"), {"q": query} | more).text
    return re.findall(r'<th[^>]* scope="row"[^>]*>([^<]*)</th>', page)


def offered(client, query, **more):
    text = client.get(reverse("register_options"), {"q": query} | more).text
    return re.findall(r'data-value="([^"]*)"', text)


@pytest.mark.parametrize(
    "query",
    ["hels apt 6", "helsngin vi apteeki", "9900001-8", "1.2.246.10.99000018.10.0", "HELSINGIN VI"],
)
def test_one_field_finds_the_pharmacy_by_name_number_and_with_slips(client, sample, query):
    assert "Helsingin VI apteekki" in names(client, query)
    assert "1.2.246.10.99000018.10.0" in offered(client, query)


@pytest.mark.parametrize("query", ["Åbo", "abo", "turku", "Turku"])
def test_a_municipality_finds_its_units_in_either_language(client, sample, query):
    assert "Turun II apteekki" in names(client, query)


def test_swedish_readers_see_the_swedish_name_of_a_municipality(client, sample):
    page = reverse("register")
    assert ">Turku</td>" in client.get(page, {"q": "Turun II apteekki"}).text
    with translation.override("sv"):
        page = reverse("register")
    assert ">Åbo</td>" in client.get(page, {"q": "Turun II apteekki"}).text


def test_who_finds_nothing_is_told_what_to_do(client, sample):
    page = client.get(reverse("register"), {"q": "zzqqxy"}).text
    assert "Check the spelling" in page
    assert "We cannot change the register." in page
    assert "We cannot change" not in client.get(reverse("register"), {"q": "Turku"}).text


def test_letters_sort_as_finns_sort_them(client, sample):
    row = codeserver_api.read_code(next(invented.invent(1)))
    given = ["Ä testi", "Z testi", "Å testi", "Ö testi", "A testi"]
    rows = [row_of(row, number, name) for number, name in enumerate(given)]
    delta = Source("test", "delta")
    imports.import_rows(Kind.SOTE_UNIT, rows, delta, now=clock.now())
    assert names(client, "testi") == ["A testi", "Z testi", "Å testi", "Ä testi", "Ö testi"]


def row_of(row, number, name):
    fields = {"oid": f"1.2.246.10.99100014.10.{number + 90}", "long_name": name, "valid_to": None}
    return type(row)(**({f: getattr(row, f) for f in row.__dataclass_fields__} | fields))


def test_current_units_come_first_and_ended_ones_are_marked(client, sample):
    page = client.get(reverse("register"), {"q": "terveysasema"}).text
    marks = re.findall(r"tag tag--(success|warning)", page)
    assert marks == sorted(marks)
    assert "warning" in marks
    assert "Not in force" in page


def test_results_come_page_by_page_and_the_query_stays(client, db, now):
    rows = [codeserver_api.read_code(code) for code in invented.invent(2000)]
    imports.import_rows(Kind.SOTE_UNIT, rows, Source("test"), now=now)
    first = names(client, "oy")
    assert len(first) == 20
    second = names(client, "oy", page=2)
    assert second
    assert not set(first) & set(second)
    page = client.get(reverse("register"), {"q": "oy"}).text
    assert "q=oy&amp;page=2" in page
    many = client.get(reverse("register"), {"q": "h"}).text
    assert "More than 200 units found" in many
    assert "More than 10 units found" in client.get(reverse("register_options"), {"q": "oy"}).text


def test_options_may_be_limited_to_one_organisation(client, sample):
    own = offered(client, "terveys", within="9900009-3")
    assert own
    assert all(oid.startswith("1.2.246.10.99000093.") for oid in own)
    assert any(not oid.startswith("1.2.246.10.99000093.") for oid in offered(client, "terveys"))


def test_nothing_typed_and_nothing_found(client, sample):
    assert names(client, "") == offered(client, "") == []
    assert "No units found." in client.get(reverse("register_options"), {"q": "xyzzyx"}).text
    assert client.get(reverse("register"), {"q": "x" * 500}).status_code == 200
    assert client.get(reverse("register_options"), {"q": "a\0b' :* & |"}).status_code == 200


@pytest.mark.usefixtures("still")
def test_one_address_cannot_copy_the_register(client, sample, monkeypatch):
    monkeypatch.setattr(search, "MOST", 3)
    answers = [client.get(reverse("register_options"), {"q": "apt"}).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
