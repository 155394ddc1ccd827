"""Several queries as one list: each row once, in order, on its page."""

import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from certportal.dev.builders import people
from certportal.foundation.web.in_order import InOrder

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed():
    """Three Virtanens and four others, with nobody in between."""
    for name in ("Aino Virtanen", "Impi Virtanen", "Onni Virtanen"):
        people.make_person(name)
    for name in ("Aino Aalto", "Eino Berg", "Impi Korhonen", "Onni Laine"):
        people.make_person(name)
    persons = Person.objects.order_by("given_name", "family_name")
    first = persons.filter(family_name="Virtanen")
    return InOrder(first, persons.none(), persons.exclude(family_name="Virtanen"))


def names(page):
    return [f"{each.given_name} {each.family_name}" for each in page]


def test_the_pages_hold_each_row_once_in_order(listed):
    pages = Paginator(listed, 2)
    assert [names(page) for page in pages] == [
        ["Aino Virtanen", "Impi Virtanen"],
        ["Onni Virtanen", "Aino Aalto"],
        ["Eino Berg", "Impi Korhonen"],
        ["Onni Laine"],
    ]
    assert pages.count == len(listed) == 7


def test_a_page_reads_only_the_queries_that_have_rows_of_it(listed):
    assert len(listed) == 7
    with CaptureQueriesContext(connection) as queries:
        assert names(listed[4:6]) == ["Eino Berg", "Impi Korhonen"]
    assert len(queries) == 1
    assert "LIMIT 2 OFFSET 1" in queries[0]["sql"]


def test_a_row_by_its_number(listed):
    assert names([listed[3], listed[-1]]) == ["Aino Aalto", "Onni Laine"]
    with pytest.raises(IndexError):
        listed[7]
