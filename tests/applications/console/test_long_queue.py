"""The queue by pages: each case once, in order, however long it is, by the index of its order."""

import re
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import Application
from applications.rules import queue_order
from applications.views.console.queue.ready_made import cases
from applications.workflow import OPEN_CASES
from certportal.foundation.web import keyset
from tests.applications.long_lists import copy

LINK = r'href="\?([^"]*)"\s+rel="%s"'


def numbers(answer):
    return [row.case.number for row in answer.context["rows"]]


def linked(answer, rel):
    """Return the query that the link leads to; None without one."""
    found = re.search(LINK % rel, answer.text)
    query = found and parse_qs(found[1].replace("&amp;", "&"))
    return query and {name: value for name, (value,) in query.items()}


def walk(desk, rel, query):
    """Return the numbers of each page from there on."""
    pages = []
    while query is not None:
        answer = desk.open("queue", **query)
        pages.append(numbers(answer))
        query = linked(answer, rel)
    return pages


def test_walking_the_pages_meets_each_case_once_and_in_order(waiting, desk):
    copy(waiting, 60)
    expected = list(cases().filter(status__in=OPEN_CASES).values_list("number", flat=True))
    ahead = walk(desk, "next", {"environment": "production"})
    assert [len(page) for page in ahead] == [25, 25, 11]
    assert [number for page in ahead for number in page] == expected
    back = walk(desk, "prev", {"environment": "production", "page": keyset.LAST})
    assert back[0] == expected[-25:]
    assert back[-1] == expected[:25]


def test_what_a_search_found_is_walked_in_the_same_order_and_counted(waiting, desk):
    copy(waiting, 60)
    expected = list(cases().filter(status__in=OPEN_CASES).values_list("number", flat=True))
    typed = waiting.organisation.name
    first = desk.open("queue", q=typed)
    assert "61 cases" in first.text
    assert {row.case.organisation.name for row in first.context["rows"]} == {typed}
    ahead = walk(desk, "next", {"q": typed})
    assert [len(page) for page in ahead] == [25, 25, 11]
    assert [number for page in ahead for number in page] == expected
    back = walk(desk, "prev", {"q": typed, "page": keyset.LAST})
    assert back[0] == expected[-25:]
    assert back[-1] == expected[:25]


def test_the_way_back_from_the_second_page_is_the_first(waiting, desk):
    copy(waiting, 30)
    first = desk.open("queue")
    second = desk.open("queue", **linked(first, "next"))
    assert numbers(desk.open("queue", **linked(second, "prev"))) == numbers(first)
    assert linked(first, "prev") is None
    assert linked(second, "next") is None


def test_a_page_that_is_gone_leads_to_the_first(waiting, desk):
    copy(waiting, 30)
    first = desk.open("queue")
    second = linked(first, "next")
    Application.objects.exclude(number__in=numbers(first)).update(status="withdrawn")
    assert numbers(desk.open("queue", **second)) == numbers(first)


@pytest.mark.parametrize("page", ["7", "-", "WyJcdTAwMDAiXQ", "W10", "e30", "MQ", "ä", "x" * 900])
def test_an_address_that_nobody_made_leads_to_the_first_page(waiting, desk, page):
    assert numbers(desk.open("queue", page=page)) == [waiting.number]


def test_a_long_list_is_not_counted_to_its_end(waiting, desk, monkeypatch):
    monkeypatch.setattr(keyset, "MOST_COUNTED", 20)
    copy(waiting, 19)
    assert "20 cases" in desk.open("queue").text
    copy(Application.objects.latest("number"), 1)
    answer = desk.open("queue")
    assert "More than 20 cases" in answer.text
    told = {view["label"]: str(view["count"]) for view in answer.context["views"]}
    assert (told["All open"], told["Free"], told["Mine"]) == ("20+", "20+", "0")
    assert '<span class="count">20+</span>' in answer.text.partition("<main")[0]


def test_the_queue_asks_the_database_as_often_for_thirty_cases_as_for_three(waiting, desk):
    asked = []
    for more in (2, 27):
        copy(waiting if more == 2 else Application.objects.latest("number"), more)
        with CaptureQueriesContext(connection) as queries:
            desk.open("queue")
        asked.append(sum(one["sql"].startswith("SELECT") for one in queries))
    assert asked[0] == asked[1]


def test_a_page_is_read_by_the_index_of_the_queue(waiting):
    copy(waiting, 3000)
    found = cases().filter(status__in=OPEN_CASES)
    edge = found[2000]
    place = [edge.queue_day, edge.submitted_at, edge.number]
    plan = found.filter(keyset.Beyond(queue_order.KEY, place, ">"))[:26].explain()
    assert "application_open" in plan
    assert "Sort" not in plan
