"""One contract for every provider behind the identification seam."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from accounts.identification.claims import identity
from accounts.identification.identity import Cancelled, NotIdentified
from accounts.identification.oidc.client import OpenIdConnect
from accounts.identification.testidp import persons
from certportal.foundation import clock
from tests.doubles.identification import Memory

pytestmark = pytest.mark.django_db(transaction=True)


class Wire:
    """The OpenID client with a person who presses a button at the provider."""

    def __init__(self, base, options):
        self.provider = OpenIdConnect(**{**options, "issuer": f"{base}/testidp"})
        self.callback = f"{base}/identification/return"

    def way(self, person):
        departure = self.provider.begin(callback=self.callback, language="fi")
        with requests.Session() as browser:
            browser.get(departure.url)
            form = {"person": person, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            back = browser.post(departure.url, data=form, allow_redirects=False)
        return departure, back.headers["Location"]


class Short:
    """The double, which needs nobody to press anything."""

    callback = "http://testserver/identification/return"

    def way(self, person):
        self.provider = Memory(person=person)
        departure = self.provider.begin(callback=self.callback, language="fi")
        return departure, departure.url


@pytest.fixture(params=["oidc", "memory"])
def side(request, live_server, settings):
    """Each provider in turn."""
    return (
        Wire(live_server.url, settings.IDENTIFICATION["OPTIONS"])
        if request.param == "oidc"
        else Short()
    )


def answer_in(address):
    return dict(parse_qsl(urlsplit(address).query))


def complete(side, answer, memory):
    return side.provider.complete(answer, memory, callback=side.callback, now=clock.now())


@pytest.mark.parametrize("key", ["matti", "erik"])
def test_person_comes_back_as_themselves(side, key):
    departure, back = side.way(key)

    found = complete(side, answer_in(back), departure.memory)

    assert replace(found, proven_at=None) == identity(persons.find(key).claims())
    assert abs(found.proven_at - clock.now()) < timedelta(minutes=1)


def test_state_comes_back(side):
    departure, back = side.way("matti")

    assert back.startswith(side.callback)
    assert answer_in(back)["state"] == departure.state


def test_turning_back_is_told_apart(side):
    departure, back = side.way("")

    with pytest.raises(Cancelled):
        complete(side, answer_in(back), departure.memory)


@pytest.mark.parametrize("answer", [{}, {"code": "forged"}, {"error": "server_error"}], ids=str)
def test_answer_that_is_none_identifies_nobody(side, answer):
    departure, _back = side.way("matti")

    with pytest.raises(NotIdentified):
        complete(side, answer, departure.memory)


def test_answer_to_another_departure_identifies_nobody(side):
    _departure, back = side.way("matti")
    another, _back = side.way("matti")

    with pytest.raises(NotIdentified):
        complete(side, answer_in(back), another.memory)


def test_every_departure_is_its_own(side):
    first, second = side.way("matti")[0], side.way("matti")[0]

    assert first.state != second.state
    assert first.memory != second.memory
