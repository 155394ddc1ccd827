"""A certificate is said to be in use, and the next to be seen to: by whom, and what follows."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.rules import renewal
from applications.rules.renewal import NotInForce
from applications.views.account.history import history
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import services as authority
from tests.applications.renewals import renew


@pytest.fixture
def order(matti, riitta, cas):
    return orders.delivered(matti, riitta)


@pytest.fixture
def web(matti):
    return people.log_in(Client(), matti)


def said(order, name):
    return list(Event.objects.filter(object_id=str(order.pk), action=f"application.{name}"))


def test_in_use_is_recorded_once_with_a_name(order, matti, maija):
    now = clock.now()
    services.say_installed(order.pk, actor=actor_for(matti), now=now)
    services.say_installed(order.pk, actor=actor_for(maija), now=now + timedelta(days=1))
    order.refresh_from_db()
    assert order.installed_at == now
    (event,) = said(order, "installed")
    assert event.actor == f"person:{matti.pk}"
    assert "Matti Meikäläinen" in {line.who for line in history(order)}


@pytest.mark.parametrize("say", [services.say_installed, services.see_to_renewal])
def test_a_certificate_that_is_not_in_force_is_not_in_use(order, matti, say):
    actor, now = actor_for(matti), clock.now()
    ended = certificate_of(order).not_after + timedelta(seconds=1)
    with pytest.raises(NotInForce):
        say(order.pk, actor=actor, now=ended)
    authority.revoke(certificate_of(order).pk, "superseded", actor=system("test"), now=now)
    with pytest.raises(NotInForce):
        say(order.pk, actor=actor, now=now)


def test_without_a_certificate_nothing_is_in_use(matti):
    waiting = orders.in_review(matti)
    with pytest.raises(NotInForce):
        services.say_installed(waiting.pk, actor=actor_for(matti), now=clock.now())


def test_the_page_offers_the_earlier_certificate_for_revocation_only_then(
    order, matti, riitta, web
):
    later = renew(matti, riitta)
    revoking = reverse("applications:revoke", args=[order.pk])
    page = web.get(reverse("applications:order", args=[later.pk]))
    assert revoking not in page.text
    answer = web.post(reverse("applications:installed", args=[later.pk]), follow=True)
    assert revoking in answer.text


def test_an_address_alone_changes_nothing(order, web):
    web.get(reverse("applications:installed", args=[order.pk]))
    web.get(reverse("applications:renewing", args=[order.pk]))
    order.refresh_from_db()
    assert (order.installed_at, order.expiry_seen_at) == (None, None)


def test_strangers_cannot_say_it(order, stranger):
    other = people.log_in(Client(), stranger)
    for name in ("installed", "renewing"):
        answer = other.post(reverse(f"applications:{name}", args=[order.pk]))
        assert answer.status_code == 404


def test_who_sees_to_the_next_one_is_named_and_administrators_hear_on_the_last_day(order, matti):
    certificate = certificate_of(order)
    assert renewal.climbs(order, certificate, 14)
    services.see_to_renewal(order.pk, actor=actor_for(matti), now=clock.now())
    order.refresh_from_db()
    assert renewal.seen_by(order) == "Matti Meikäläinen"
    assert not renewal.climbs(order, certificate, 7)
    assert renewal.climbs(order, certificate, 1)
