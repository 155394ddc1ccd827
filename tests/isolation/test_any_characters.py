"""No address and no query brings a page down, whatever characters stand in it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from certportal.dev.builders import people
from tests.isolation.table import LIKE, TABLE

ODD = ["%00", "%0d%0a", "%ed%a0%80", "%f0%9f%92%a3", "a" * 300, "..%2f..%2fetc", "%27%22--"]
WORDS = [one for one in TABLE if "<str:" in one.route]


@pytest.fixture(params=["visitor", "matti", "riitta"])
def web(request, matti, riitta):
    """The browser of somebody, which is told of no error that is not answered."""
    who = {"matti": matti, "riitta": riitta}.get(request.param)
    client = Client(raise_request_exception=False)
    return people.log_in(client, who) if who else client


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_in_an_address_are_answered(web, odd):
    for entry in WORDS:
        route = re.sub(r"<str:\w+>", odd, entry.route).replace("<slug:record_kind>", "sote_unit")
        place = "/" + re.sub(r"<(\w+):\w+>", lambda found: LIKE[found[1]], route)
        assert web.get(place).status_code < 500, place


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_in_a_query_are_answered(web, odd):
    names = ["next", "page", "q", "within", "unit", "under", "after", "former", "template", "state"]
    query = "&".join(f"{name}={odd}" for name in [*names, "reviewer", "type", "code", "error"])
    console = ["queue", "numbers", "search", "people", "certificates", "blocked_keys", "accounts"]
    names = [f"console:{name}" for name in console]
    for name in [*names, "register", "home", "applications:units"]:
        assert web.get(f"{reverse(name)}?{query}").status_code < 500, name
