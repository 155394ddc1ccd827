"""Whoever does not belong to an organisation finds nothing of it, at any address there is."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services.rights import staff_roles
from certportal.dev.builders import orders, people
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from certportal.foundation.web import refusals
from issuance.models import Certificate
from tests.isolation.addresses import OF_AN_ORGANISATION, address, leads_to_an_organisation
from tests.isolation.table import TABLE, statuses_only, text_of

# What an address may want to be told without leading to anything of an organisation: names of
# the public repository, a business ID of the public registers, mail of development, Django's own,
# and the secret of a link that only its recipient knows.
PUBLIC = {
    "stem",
    "business_id",
    "name",
    "app_label",
    "url",
    "content_type_id",
    "token",
    "tool",
    "type",
} | {
    *["record_kind", "oid", "run_id", "record_id", "reason_id"],
}


@statuses_only
def answers(client: Client, *applications) -> dict[str, set[int]]:
    """Try every address of each application by reading and by writing; return what came back."""
    found: dict[str, set[int]] = {}
    for entry in filter(leads_to_an_organisation, TABLE):
        for application in applications:
            place = address(entry, application)
            tries = client.get(place), client.post(place, {"version": application.version})
            found.setdefault(str(entry), set()).update(one.status_code for one in tries)
    return found


def others_than(expected: set[int], found: dict[str, set[int]]) -> dict[str, set[int]]:
    return {name: codes for name, codes in found.items() if not codes <= expected}


@pytest.mark.parametrize("entry", TABLE, ids=str)
def test_each_address_tells_whose_it_is(entry):
    assert entry.wants <= PUBLIC | OF_AN_ORGANISATION, "say in this file to whom its ids belong"


def test_the_table_has_the_addresses_of_orders_and_cases():
    names = {str(entry) for entry in TABLE if leads_to_an_organisation(entry)}
    assert {"applications:order", "applications:download", "console:approve"} <= names


def standing(order, draft):
    """Return what somebody's tries could have changed."""
    order.refresh_from_db()
    draft.refresh_from_db()
    return order.version, draft.version, Certificate.objects.get().state


def test_a_stranger_finds_nothing(order, draft, kalle):
    before = standing(order, draft)
    found = answers(people.log_in(Client(), kalle), order, draft)
    assert others_than({404}, found) == {}
    assert standing(order, draft) == before


def test_a_former_member_finds_nothing(order, draft, matti, now):
    matti.memberships.update(ended_at=now)
    found = answers(people.log_in(Client(), matti), order, draft)
    assert others_than({404}, found) == {}


def test_a_former_reviewer_finds_nothing(order, draft, riitta, now):
    staff_roles.end_reviewer(riitta, actor=system("test"), now=now)
    found = answers(people.log_in(Client(), riitta), order, draft)
    assert others_than({404}, found) == {}


def test_a_technical_member_finds_neither_orders_nor_cases_nor_people(order, draft, teemu):
    client = people.log_in(Client(), teemu)
    found = answers(client, order, draft)
    assert others_than({404}, found) == {}


def test_a_visitor_is_led_to_log_in_and_finds_nothing(order, draft):
    client, before = Client(), standing(order, draft)
    assert others_than({302, 404}, answers(client, order, draft)) == {}
    assert standing(order, draft) == before
    for entry in filter(leads_to_an_organisation, TABLE):
        place = client.get(address(entry, order), follow=True)
        assert "/account/login/" in place.request["PATH_INFO"] or place.status_code == 404


@statuses_only
def test_every_try_is_on_record(order, kalle, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_AN_HOUR", 1000)  # Kalle tries every address at once
    client = people.log_in(Client(), kalle)
    tries = Event.objects.filter(refused=True, actor=f"person:{kalle.pk}")
    silent = []
    for entry in filter(leads_to_an_organisation, TABLE):
        for ask in (client.get, client.post):
            before = tries.count()
            ask(address(entry, order))
            if tries.count() == before:
                silent.append(f"{entry} {ask.__name__}")
    assert silent == []
    assert set(tries.values_list("origin__address", flat=True)) == {"127.0.0.1"}


def test_one_organisation_s_csr_does_not_open_through_another_s_order(order, kalle):
    own = orders.draft(kalle, unit="1.2.246.10.99000085.10.0")
    client = people.log_in(Client(), kalle)
    place = reverse("applications:csr", args=[own.pk, order.csrs.get().pk])
    assert client.get(place).status_code == 404
    assert client.post(place, {"version": own.version}).status_code == 404


def test_no_page_of_a_stranger_names_anything_of_the_organisation(order, draft, kalle):
    client = people.log_in(Client(), kalle)
    secrets = [order.number, draft.number, "erecept.example.fi", "tekniikka@example.fi", "Matti"]
    for entry in TABLE:
        if entry.wants or not entry.name or entry.name.startswith(("dev_mail", "testidp:")):
            continue
        told = text_of(client.get(reverse(entry.name)))
        assert [one for one in secrets if one in told] == [], entry.name
