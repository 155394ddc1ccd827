"""No address and no query brings a page down, whatever characters stand in it."""

import re
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from applications.models.certificate_types import CertificateType
from certportal.dev.builders import orders, people
from tests.isolation.table import LIKE, TABLE

ODD = ["%00", "%0d%0a", "%ed%a0%80", "%f0%9f%92%a3", "a" * 300, "..%2f..%2fetc", "%27%22--"]
WORDS = [one for one in TABLE if "<word:" in one.route]
NUMBERS = [one for one in TABLE if "<key:" in one.route]


@pytest.fixture(params=["visitor", "matti", "riitta"])
def web(request, matti, riitta):
    """The browser of somebody, which is told of no error that is not answered."""
    who = {"matti": matti, "riitta": riitta}.get(request.param)
    client = Client(raise_request_exception=False)
    return people.log_in(client, who) if who else client


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_in_an_address_are_answered(web, odd):
    assert WORDS
    for entry in WORDS:
        route = re.sub(r"<word:\w+>", odd, entry.route).replace("<slug:record_kind>", "sote_unit")
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


@pytest.mark.parametrize("odd", ODD)
def test_an_order_is_begun_for_no_odd_unit(matti, odd):
    client = people.log_in(Client(), matti)
    kind = {"type": CertificateType.TEST_SERVER.value}
    assert client.post(f"{reverse('applications:new')}?unit={odd}", kind).status_code == 200
    order = orders.draft(matti)
    place = reverse("applications:part", args=[order.pk, "unit"])
    given = {"record": f"sote_unit:{unquote(odd, errors='replace')}", "version": order.version}
    assert client.post(place, given).status_code == 200


@pytest.mark.parametrize("odd", ["01", "9" * 70, "9" * 5000])
def test_a_number_that_no_row_has_is_of_no_page(odd):
    assert NUMBERS
    for entry in NUMBERS:
        place = re.sub(r"<key:\w+>", odd, entry.route)
        place = "/" + re.sub(r"<(\w+):\w+>", lambda found: LIKE[found[1]], place)
        with pytest.raises(Resolver404):
            resolve(place)
