"""A member whose right to act nobody has confirmed: their own orders, and nobody else's."""

import itertools

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import Membership
from applications import services
from applications.rules import recipients as concerned
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from issuance.models import Certificate
from tests.applications.renewals import renew, valid_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def seppo(pharmacy, now):
    """Seppo, in the pharmacy's account on his own word, as before anybody else came there."""
    person = people.make_person("Seppo Sivullinen", now=now)
    Membership.objects.create(
        person=person,
        organisation=pharmacy,
        role=Membership.Role.ADMINISTRATOR,
        basis=Membership.Basis.UNVERIFIED,
        begun_at=now,
    )
    return person


def page(person, name, *args):
    return people.log_in(Client(), person).get(reverse(name, args=args))


def test_they_draft_send_and_follow_their_own_orders(seppo, cas):
    draft = orders.draft(seppo)
    sent = orders.submitted(seppo)
    for one in (draft, sent):
        assert page(seppo, "applications:order", one.pk).status_code == 200
        assert str(one.pk) in page(seppo, "home").text


def test_nobody_else_s_order_opens_or_shows(seppo, matti, riitta, cas):
    draft, done = orders.draft(matti), orders.delivered(matti, riitta)
    serial = Certificate.objects.get().serial
    for one in (draft, done):
        assert page(seppo, "applications:order", one.pk).status_code == 404
        assert str(one.pk) not in page(seppo, "home").text
    assert page(seppo, "applications:download", done.pk, "pem").status_code == 404
    assert serial not in page(seppo, "certificates").text
    assert serial in page(matti, "certificates").text


def test_another_s_renewal_of_their_certificate_is_not_named(seppo, matti, riitta, cas):
    own, later = orders.delivered(seppo, riitta, "test_server"), renew(matti, riitta, "test_server")
    for one, name in itertools.product((seppo, matti), ("order", "certificate")):
        shown = page(one, f"applications:{name}", own.pk).text
        assert (later.number in shown) == (one == matti)


def test_mail_about_others_orders_passes_them_by(seppo, matti, cas):
    own, other = orders.submitted(seppo), orders.submitted(matti)
    assert f"person:{seppo.pk}" in concerned.administrators(own)
    assert f"person:{seppo.pk}" not in concerned.administrators(other)
    assert f"person:{matti.pk}" in concerned.administrators(own)


def test_nor_is_it_where_several_are_renewed(seppo, matti, riitta, cas, pass_days):
    own = valid_for(seppo, riitta, 12, type="test_server")
    pass_days(350)
    given = {"organisation": own.organisation, "type": own.kind, "language": "fi"}
    begun = act(matti, services.start, **given, template=own)
    for one in (seppo, matti):
        shown = page(one, "applications:renew_together").text
        assert own.number in shown
        assert (begun.number in shown) == (one == matti)


def test_a_confirmed_member_sees_also_what_the_unconfirmed_sends(seppo, matti, cas):
    sent = orders.submitted(seppo)
    assert page(matti, "applications:order", sent.pk).status_code == 200


def test_once_confirmed_they_see_the_account_s_orders(seppo, matti, cas):
    sent = orders.submitted(matti)
    seppo.memberships.update(basis=Membership.Basis.REVIEWER_DECISION)
    assert page(seppo, "applications:order", sent.pk).status_code == 200
    assert str(sent.pk) in page(seppo, "home").text


def test_a_technical_member_who_rests_on_nothing_sees_no_order(seppo, matti, teemu, cas):
    sent = orders.submitted(matti)
    orders_of_teemu = reverse("technical:order", args=[sent.pk])
    teemu.memberships.update(basis=Membership.Basis.UNVERIFIED)
    assert people.log_in(Client(), teemu).get(orders_of_teemu).status_code == 404


def test_the_domains_of_others_neither_show_nor_can_be_taken_off(seppo, matti, pharmacy, settings):
    settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": [("192.0.2.1", 53)]}
    theirs, place = "kanta.example.fi", reverse("applications:domains")
    names = orders.draft(seppo).names
    for name in (theirs, names[0]):
        services.request_lookup(pharmacy, name, actor=actor_for(matti), now=clock.now())
    web = people.log_in(Client(), seppo)
    shown = [row.domain.name for row in web.get(place).context["rows"]]
    assert shown == [names[0]]
    web.post(reverse("applications:forget_domain", args=[pharmacy.domains.get(name=theirs).pk]))
    answer = web.post(place, {"name": theirs})
    assert answer.status_code == 200
    assert "omien tilaustesi" in answer.text
    assert web.post(place, {"name": names[1]}).status_code == 302
    assert set(pharmacy.domains.values_list("name", flat=True)) == {theirs, *names}
    everything = people.log_in(Client(), matti).get(place).context["rows"]
    assert len(everything) == 3


def test_who_writes_a_name_in_a_draft_cannot_take_its_proof_away(seppo, matti, pharmacy, settings):
    settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": [("192.0.2.1", 53)]}
    (name, *_others) = orders.draft(seppo).names
    services.request_lookup(pharmacy, name, actor=actor_for(matti), now=clock.now())
    place = reverse("applications:domains")
    forget = reverse("applications:forget_domain", args=[pharmacy.domains.get().pk])
    web = people.log_in(Client(), seppo)
    page = web.get(place).text
    assert name in page and forget not in page
    assert web.post(forget).status_code == 404
    assert pharmacy.domains.exists()
    assert forget in people.log_in(Client(), matti).get(place).text
