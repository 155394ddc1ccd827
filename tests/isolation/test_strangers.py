"""Whoever does not belong to an organisation finds nothing of it, at any address there is."""

from urllib.parse import urlsplit

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
def tried(client: Client, *applications, look=lambda: None) -> list[tuple]:
    """Try every address of each application by reading and by writing.

    Return each try: the address's name, the answer, and what a look after it shows.
    """
    found = []
    for entry in filter(leads_to_an_organisation, TABLE):
        for application in applications:
            place = address(entry, application)
            for ask, given in ((client.get, {}), (client.post, {"version": application.version})):
                found.append((str(entry), ask(place, given), look()))
    return found


def answers(tries: list[tuple]) -> dict[str, set[int]]:
    """Return the statuses that came back from each address."""
    found: dict[str, set[int]] = {}
    for name, answer, _shown in tries:
        found.setdefault(name, set()).add(answer.status_code)
    return found


def others_than(expected: set[int], found: dict[str, set[int]]) -> dict[str, set[int]]:
    return {name: codes for name, codes in found.items() if not codes <= expected}


def test_each_address_tells_whose_it_is():
    unsaid = {str(entry): entry.wants - PUBLIC - OF_AN_ORGANISATION for entry in TABLE}
    assert {name: ids for name, ids in unsaid.items() if ids} == {}, "say in this file whose"


def test_the_table_has_the_addresses_of_orders_and_cases():
    names = {str(entry) for entry in TABLE if leads_to_an_organisation(entry)}
    assert {"applications:order", "applications:download", "console:approve"} <= names


def standing(order, draft):
    """Return what somebody's tries could have changed."""
    order.refresh_from_db()
    draft.refresh_from_db()
    return order.version, draft.version, Certificate.objects.get().state


def test_a_stranger_finds_nothing_and_every_try_is_on_record(order, draft, kalle, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_AN_HOUR", 2000)  # Kalle tries every address at once
    client, before = people.log_in(Client(), kalle), standing(order, draft)
    refused = Event.objects.filter(refused=True, actor=f"person:{kalle.pk}")
    known = refused.count()
    tries = tried(client, order, draft, look=refused.count)
    assert others_than({404}, answers(tries)) == {}
    assert standing(order, draft) == before
    silent = []
    for name, answer, count in tries:
        if count == known:
            silent.append(f"{name} {answer.request['REQUEST_METHOD']}")
        known = count
    assert silent == []
    assert set(refused.values_list("origin__address", flat=True)) == {"127.0.0.1"}


def test_a_former_member_finds_nothing(order, draft, matti, now):
    matti.memberships.update(ended_at=now)
    found = tried(people.log_in(Client(), matti), order, draft)
    assert others_than({404}, answers(found)) == {}


def test_a_former_reviewer_finds_nothing(order, draft, riitta, now):
    staff_roles.end_reviewer(riitta, actor=system("test"), now=now)
    found = tried(people.log_in(Client(), riitta), order, draft)
    assert others_than({404}, answers(found)) == {}


def test_a_technical_member_finds_neither_orders_nor_cases_nor_people(order, draft, teemu):
    found = tried(people.log_in(Client(), teemu), order, draft)
    assert others_than({404}, answers(found)) == {}


def test_a_visitor_is_led_to_log_in_and_finds_nothing(order, draft):
    client, before = Client(), standing(order, draft)
    tries = tried(client, order, draft)
    assert others_than({302, 404}, answers(tries)) == {}
    assert standing(order, draft) == before
    led = [one["Location"] for _name, one, _shown in tries if one.status_code == 302]
    for place in {urlsplit(one).path: one for one in led}.values():
        last = client.get(place, follow=True)
        assert "/account/login/" in last.request["PATH_INFO"] or last.status_code == 404


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
