"""Tries to reach what is not theirs: one event each for persons, up to a limit; else numbers."""

import uuid

import pytest
from django.db.models import Sum
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts import access
from certportal.foundation.actors import Actor
from certportal.foundation.models import Event, Tally
from certportal.foundation.web import refusals, tokens

pytestmark = pytest.mark.django_db
PLACES = [
    "/en/console/register/units/sote_unit/MATTI-WAS-HERE/",
    "/en/settings/MATTI-WAS-HERE/",
    "/en/console/?q=MATTI-WAS-HERE",
    "/en/account/invitation/MATTI-WAS-HERE/",
    "/en/contact-link/MATTI-WAS-HERE/order/",
]


@pytest.mark.parametrize("place", PLACES)
def test_no_word_of_an_address_that_somebody_typed_stands_in_an_event(web, place):
    assert web.get(place).status_code == 404
    assert "MATTI" not in str(list(Event.objects.values()))


def test_the_page_that_was_refused_is_named(web, matti):
    web.get(reverse("console:queue"))
    event = Event.objects.get(action="access.refused")
    assert (event.actor, event.object_id) == (f"person:{matti.pk}", "console:queue")


@pytest.mark.usefixtures("still")
def test_each_try_of_a_person_is_an_event_until_there_are_enough(
    matti, stranger, pharmacy, monkeypatch
):
    monkeypatch.setattr(refusals, "MOST_AN_HOUR", 5)
    for asker in [stranger] * 20 + [matti]:
        with pytest.raises(Http404):
            access.get_organisation(asker, uuid.uuid4())
    kept = Event.objects.filter(action="access.refused", refused=True)
    assert kept.filter(actor=f"person:{stranger.pk}").count() == 5
    assert kept.filter(actor=f"person:{matti.pk}").count() == 1


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("name", ["accounts:invitation", "contact:landing"])
def test_tries_of_visitors_are_counted_and_make_no_event(name):
    for _ in range(3):
        assert Client().get(reverse(name, args=[tokens.new()])).status_code == 404
    assert not Event.objects.filter(refused=True).exists()
    counted = Tally.objects.filter(scope__startswith="refused:")
    assert counted.aggregate(all=Sum("count"))["all"] == 3


def test_the_holder_of_a_link_is_no_unknown_visitor():
    access.not_found(Actor("technical_contact", "7"), "csr", 8)
    assert Event.objects.get().actor == "technical_contact:7"
