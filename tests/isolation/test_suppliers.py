"""A supplier finds only what a consent in force shows it, and nothing once that is over."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import SupplierConsent
from accounts.services.organisations import consents, membership as members, oversight
from applications import services
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from tests.isolation.addresses import address, leads_to_an_organisation
from tests.isolation.table import TABLE, statuses_only, text_of
from tests.suppliers import account_of, consent

INTERMEDIARY, OTHER = "9900022-9", "9900023-7"


@pytest.fixture
def valma(sample, now):
    """The administrator of a supplier."""
    return people.make_founder("Valma Välittäjä", INTERMEDIARY, now=now)


@pytest.fixture
def viivi(valma, now):
    """A member of the supplier."""
    role = "technical"
    return people.make_member("Viivi Velho", account_of(valma), role=role, now=now)


@pytest.fixture
def given(cas, matti, valma, viivi):
    """The pharmacy lets Valma's organisation act for it."""
    return consent(matti, valma)


@pytest.fixture
def waiting(cas, matti):
    """An order of the pharmacy that waits for its request."""
    return orders.waiting_for_contact(matti)


# What a supplier's page could stand under; tests/isolation/test_strangers.py knocks at all others.
OWN = ("home", "certificates", "customers:", "technical:", "applications:", "accounts:")
# What a consent opens, as the first two tests show: what ends it is tried at these addresses, and
# one of the ways at all others too.
BY_CONSENT = ("technical:", "accounts:", "applications:again")
# The pages that name an order whose id nobody has to know, as the first test shows as well.
NAMING = {"customers:customers", "customers:orders"}
NAMING |= {"customers:orders_csv", "customers:certificates_csv"}


@statuses_only
def seen(person, *applications, among=""):
    """Return which addresses of the orders answer the person with anything but 404."""
    client, found = people.log_in(Client(), person), set()
    for entry in filter(leads_to_an_organisation, TABLE):
        if not entry.name.startswith(among):
            continue
        for application in applications if entry.name.startswith(OWN) else applications[:1]:
            place = address(entry, application)
            tries = client.get(place), client.post(place, {"version": application.version})
            if {one.status_code for one in tries} != {404}:
                found.add(str(entry))
    return found


def naming(person, *secrets, among=None):
    """Return which pages without an id name one of the secrets to the person."""
    client = people.log_in(Client(), person)
    pages = [one for one in TABLE if not one.wants and one.name.startswith(OWN)]
    looked_at = [one for one in pages if among is None or one.name in among]
    told = {one.name: text_of(client.get(reverse(one.name))) for one in looked_at}
    return {name for name, text in told.items() if any(secret in text for secret in secrets)}


def test_with_a_consent_the_technical_contact_s_pages_open_and_no_others(
    given, order, waiting, draft, viivi
):
    # A reminder's address, which may be handed on, leads them to their own page.
    found = seen(viivi, order, waiting)
    assert found
    assert {one for one in found if not one.startswith("technical:")} == {"applications:again"}
    assert naming(viivi, order.number, waiting.number) == NAMING
    assert seen(viivi, draft, among=BY_CONSENT) == set()


def test_its_administrator_can_also_give_it_up(given, order, draft, valma):
    assert seen(valma, draft) == {"accounts:resign_consent"}


def test_when_it_is_over_nothing_is_found_at_any_address(given, order, waiting, matti, valma):
    ended(given, matti, valma, None)
    assert seen(valma, order, waiting) == set()
    assert naming(valma, order.number, waiting.number, "tekniikka@example.fi") == set()


def other_supplier(given, matti, valma, riitta):
    vilma = people.make_founder("Vilma Vieras", OTHER, now=clock.now())
    consent(people.make_founder("Kalle Konsultti", "9900008-5", now=clock.now()), vilma)
    return vilma


def ended(given, matti, valma, riitta):
    act(matti, consents.end, given.pk)


def resigned(given, matti, valma, riitta):
    act(valma, consents.resign, given.pk)


def customer_closed(given, matti, valma, riitta):
    act(riitta, services.close_account, given.customer_id, reasons="Toiminta on päättynyt.")


def supplier_closed(given, matti, valma, riitta):
    act(riitta, oversight.close, given.supplier_id, reasons="Toiminta on päättynyt.")


def supplier_merged(given, matti, valma, riitta):
    people.make_founder("Vilma Vieras", OTHER, now=clock.now())
    act(riitta, services.succeed, INTERMEDIARY, OTHER, reason="Fuusio.")


def supplier_renamed(given, matti, valma, riitta):
    act(riitta, services.succeed, INTERMEDIARY, OTHER, reason="Fuusio.")


def customer_merged(given, matti, valma, riitta):
    people.make_founder("Kalle Konsultti", "9900008-5", now=clock.now())
    act(riitta, services.succeed, "9900001-8", "9900008-5", reason="Fuusio.")


def customer_renamed(given, matti, valma, riitta):
    act(riitta, services.succeed, "9900001-8", "9900009-3", reason="Fuusio.")


def unconfirmed(given, matti, valma, riitta):
    right = valma.memberships.get().pk
    act(riitta, oversight.withdraw_right, right, reasons="Ei enää tehtävässä.")


@pytest.mark.parametrize(
    "over",
    [
        *[other_supplier, ended, resigned, customer_closed, supplier_closed],
        *[customer_merged, customer_renamed, supplier_merged, supplier_renamed, unconfirmed],
    ],
)
def test_however_it_ends_what_it_opened_is_closed(
    given, order, waiting, matti, valma, riitta, over
):
    person = over(given, matti, valma, riitta) or valma
    given.refresh_from_db()
    assert seen(person, order, waiting, among=BY_CONSENT) == set()
    secrets = order.number, waiting.number, "tekniikka@example.fi"
    assert naming(person, *secrets, among=NAMING) == set()


def test_it_is_over_after_its_last_day(given, order, waiting, valma, viivi):
    day = clock.day(clock.now()) - timedelta(days=1)
    over = {"customer": given.customer, "supplier": given.supplier, "given_by": given.given_by}
    act(given.given_by, consents.end, given.pk)
    SupplierConsent.objects.create(**over, given_at=given.given_at, until=day)
    for person in (valma, viivi):
        assert seen(person, order, waiting, among=BY_CONSENT) == set()
    assert naming(viivi, order.number, waiting.number, among=NAMING) == set()


def test_a_member_who_was_removed_finds_nothing(given, order, waiting, valma, viivi):
    act(valma, members.remove, viivi.memberships.get().pk)
    assert seen(viivi, order, waiting, among=BY_CONSENT) == set()
    assert naming(viivi, order.number, waiting.number, among=NAMING) == set()
