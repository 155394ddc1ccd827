"""The cases before and after a case, in the list from which it was opened."""

from urllib.parse import urlencode

import pytest

from applications import services
from certportal.dev.builders import orders
from tests.applications.console.listed import due_in


@pytest.fixture
def three(matti, cas):
    """Three cases in the order of the queue, the second one of them a test certificate."""
    cases = [orders.in_review(matti, type) for type in ("server", "test_server", "server")]
    for days, case in enumerate(cases):
        due_in(case, days)
    return cases


def beside(desk, case, **query):
    """Return the numbers of the cases to which the page of the case leads, None without one."""
    context = desk.open("case", case.pk, **query).context
    found = [context.get("earlier_case"), context.get("later_case")]
    return [one and one[0] for one in found]


def test_all_open_cases_are_walked_where_no_list_was_opened(three, desk):
    first, second, third = three
    assert beside(desk, first) == [None, second.number]
    assert beside(desk, second) == [first.number, third.number]
    assert beside(desk, third) == [second.number, None]


def test_those_of_the_view_the_filters_or_the_search_are_walked(three, desk, riitta):
    first, second, third = three
    assert beside(desk, first, environment="production") == [None, third.number]
    assert beside(desk, second, environment="production") == [first.number, third.number]
    orders.act(riitta, services.claim, second)
    assert beside(desk, first, view="free") == [None, third.number]
    assert beside(desk, second, view="mine") == [None, None]
    typed = first.organisation.name
    assert beside(desk, second, q=typed) == [first.number, third.number]
    assert beside(desk, second, q=second.number) == [None, None]


def test_a_closed_case_has_none_among_the_open_ones(three, matti, desk):
    first, second, _third = three
    services.withdraw(second.pk, **orders.Handler(matti, second).seen)
    assert beside(desk, second) == [None, None]
    assert beside(desk, second, status="withdrawn") == [None, None]
    assert beside(desk, first) == [None, _third.number]


def test_the_links_lead_on_in_the_list_and_back_to_it(three, desk):
    first, second, _third = three
    query = "?" + urlencode({"view": "free", "environment": "production"})
    row = f"{desk.url('case', first.pk)}{query}".replace("&", "&amp;")
    assert f'href="{row}"' in desk.open("queue", view="free", environment="production").text
    page = desk.client.get(desk.url("case", second.pk) + query).text
    assert f'href="{row}"' in page
    back = f"{desk.url('queue')}{query}".replace("&", "&amp;")
    assert f'href="{back}"' in page


def test_the_list_is_kept_after_a_button_of_the_page_was_pressed(three, desk):
    first = three[0]
    case = desk.url("case", first.pk)
    came = (
        {"version": first.version},
        {"headers": {"Referer": f"http://testserver{case}?view=free"}},
    )
    answer = desk.client.post(desk.url("claim", first.pk), came[0], **came[1])
    assert answer.url == f"{case}?view=free"
    elsewhere = {"Referer": f"http://testserver{desk.url('queue')}?view=free"}
    seen = orders.Handler(desk.person, first).seen["version"]
    answer = desk.client.post(desk.url("release", first.pk), {"version": seen}, headers=elsewhere)
    assert answer.url == case
