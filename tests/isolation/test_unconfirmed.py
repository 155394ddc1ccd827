"""A member whose right nobody has confirmed finds nothing of their colleagues, at any address."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from certportal.dev.builders import orders, people
from issuance.models import Certificate
from tests.isolation.addresses import address, leads_to_an_organisation
from tests.isolation.table import TABLE, statuses_only, text_of

OUTSIDE = ("dev_mail", "testidp:")


@pytest.fixture
def seppo(order, draft, now):
    """Seppo, administrator of the pharmacy's account on his own word."""
    person = people.make_person("Seppo Sivullinen")
    Membership.objects.create(
        person=person,
        organisation=order.organisation,
        role=Membership.Role.ADMINISTRATOR,
        basis=Membership.Basis.UNVERIFIED,
        begun_at=now,
    )
    return person


@pytest.fixture
def secrets(order, draft):
    """What Seppo may not learn: the orders of colleagues, who is invited and who asks to join."""
    invited, asking = "uusi@example.fi", "Pyytäjä"
    return [order.number, draft.number, str(order.pk), str(draft.pk), invited, asking]


def said(answer, secrets):
    told = text_of(answer) + str(answer.headers)
    return [one for one in secrets if one in told]


@statuses_only
def test_no_address_of_a_colleague_s_order_opens(order, draft, seppo):
    client, opened = people.log_in(Client(), seppo), {}
    before = [one.version for one in (order, draft)]
    for entry in filter(leads_to_an_organisation, TABLE):
        for one in (order, draft):
            place = address(entry, one)
            tries = client.get(place), client.post(place, {"version": one.version})
            if any(answer.status_code != 404 for answer in tries):
                opened[str(entry)] = [answer.status_code for answer in tries]
    assert opened == {}
    for one in (order, draft):
        one.refresh_from_db()
    assert [one.version for one in (order, draft)] == before
    assert Certificate.objects.get().state == Certificate.State.ISSUED


def test_no_page_names_anything_of_a_colleague(seppo, secrets):
    client = people.log_in(Client(), seppo)
    of_the_orders = ["Matti", "erecept.example.fi", "tekniikka@example.fi"]
    for entry in TABLE:
        if not entry.wants and entry.name and not entry.name.startswith(OUTSIDE):
            told = said(client.get(reverse(entry.name)), secrets + of_the_orders)
            assert told == [], entry.name


def test_no_address_of_one_s_own_order_tells_of_a_colleague_s(seppo, secrets, cas):
    client = people.log_in(Client(), seppo)
    for own in (orders.with_csr(seppo, "system_signature"), orders.submitted(seppo)):
        for entry in filter(leads_to_an_organisation, TABLE):
            assert said(client.get(address(entry, own)), secrets) == [], entry
