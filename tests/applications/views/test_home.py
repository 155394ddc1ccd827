"""Home and the order's page tell what waits for whom, and nothing that is not so."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership
from accounts.services.organisations import invite, join
from accounts.services.rights import confirm
from applications.views.shared import tracking
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system

CODE = "9900001-8"
NOTHING = "Nothing needs your attention."


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def home(person):
    return people.log_in(Client(), person).get(reverse("home"))


@pytest.fixture
def aino(pharmacy):
    """Aino, who has asked to join the pharmacy's account."""
    person = people.make_person("Aino Ahkera")
    join.ask(person, CODE, actor=orders.actor_for(person), now=clock.now())
    return person


def test_who_asks_to_join_is_told_on_the_administrator_s_home(matti, kalle, pharmacy, aino, cas):
    assert "1 person asks to join" in home(matti).text
    orders.in_review(matti)  # no longer the first visit
    page = home(matti).text
    assert "1 person asks to join" in page
    assert NOTHING not in page
    assert "asks to join" not in home(kalle).text
    given = {"role": Membership.Role.APPLICANT, "language": "fi", "by": matti}
    actor = orders.actor_for(matti)
    invite.invite(pharmacy, aino.email, **given, actor=actor, now=clock.now())
    page = home(matti).text
    assert "asks to join" not in page
    assert NOTHING in page


def test_an_unconfirmed_right_is_not_called_nothing_to_do(matti, cas):
    order = orders.in_review(matti)
    now = clock.now()
    assert "do anything" in tracking.turn_words(order, now=now)
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    words = tracking.turn_words(order, now=now)
    assert "do anything" not in words and "confirm your authority" in words
    page = people.log_in(Client(), matti).get(reverse("applications:order", args=[order.pk]))
    assert reverse("accounts:right") in page.text
    assert words in page.text


def test_the_history_tells_that_the_right_was_confirmed(matti, riitta, cas):
    order = orders.in_review(matti)
    right = matti.memberships.get()
    said = "The authority to act for an organisation was confirmed"
    address = reverse("applications:order", args=[order.pk])
    web = people.log_in(Client(), matti)
    assert said not in web.get(address).text
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    at = clock.now() + timedelta(seconds=1)
    confirm.confirm_right(right.pk, note="kaupparekisteri", by=None, actor=system("test"), now=at)
    page = web.get(address).text
    assert said in page
    assert riitta.family_name not in page
