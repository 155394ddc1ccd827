"""The page on which an organisation has its domains looked up."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from applications import services
from applications.models import Domain
from applications.rules import domain_record
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests.applications.domains.published import (
    HOST,
    ISSUER,
    PAGE,
    clinics,
    evidence_of,
    record,
)


def test_the_page_shows_the_record_and_what_was_found(matti, pharmacy, in_use):
    browser = people.log_in(Client(), matti)
    page = browser.post(PAGE, {"name": "https://erecept.example.fi/x"}, follow=True)
    assert "Haetaan" in page.text
    orders.drain()
    page = browser.get(PAGE)
    assert f"_sote-validation.{HOST}" in page.text
    assert f"{ISSUER}; account={domain_record.account_of(pharmacy.pk)}" in page.text
    assert "Tietue ei ole vielä" in page.text
    in_use.publish("example.fi", record(pharmacy, ".erecept"))
    browser.post(PAGE, {"name": HOST})
    orders.drain()
    assert "Löytyi" in browser.get(PAGE).text
    browser.post(reverse("applications:forget_domain", args=[pharmacy.domains.get().pk]))
    assert not pharmacy.domains.exists()


@pytest.mark.parametrize(
    ("typed", "told"),
    [("", "Kirjoita palvelimen nimi"), ("a.fi b.fi", "yksi palvelimen nimi"), ("co.uk", "co.uk")],
)
def test_a_name_that_is_none_is_told_of(matti, pharmacy, in_use, typed, told):
    page = people.log_in(Client(), matti).post(PAGE, {"name": typed})
    assert told in page.text
    assert not Domain.objects.exists()


def test_another_organisations_domain_cannot_be_forgotten(matti, kalle, in_use):
    people.log_in(Client(), kalle).post(PAGE, {"name": HOST})
    theirs = clinics(kalle).domains.get()
    people.log_in(Client(), matti).post(reverse("applications:forget_domain", args=[theirs.pk]))
    assert clinics(kalle).domains.exists()


def test_without_resolvers_there_is_no_such_page_and_nothing_is_looked_up(matti, riitta, cas):
    assert people.log_in(Client(), matti).get(PAGE).status_code == 404
    order = orders.claimed(matti, riitta)
    assert evidence_of(order) == ("", None)
    assert not Domain.objects.exists()


def test_of_a_thousand_names_a_page_shows_some_and_the_last_asked_for_first(
    matti, riitta, pharmacy, in_use
):
    """An account may have as many as its orders name, and each takes room and time."""
    now = clock.now()
    some = [
        Domain(organisation=pharmacy, name=f"a{number:04}.example.fi", asked_at=now)
        for number in range(1000)
    ]
    Domain.objects.bulk_create(some)
    found = {"place": "example.fi", "subdomains": True, "proven_at": now, "outcome": "proven"}
    found["record"] = domain_record.text(ISSUER, pharmacy.pk, subdomains=True)
    Domain.objects.create(organisation=pharmacy, name="z.example.fi", asked_at=now, **found)
    services.request_lookup(
        pharmacy, "a0500.example.fi", actor=actor_for(matti), now=now + timedelta(minutes=1)
    )
    page = people.log_in(Client(), matti).get(PAGE)
    names = [row.domain.name for row in page.context["rows"]]
    assert names[0] == "a0500.example.fi"
    assert len(names) == 25
    assert page.context["page"].next
    assert {row.found.place for row in page.context["rows"]} == {"example.fi"}
    desk = people.log_in(Client(), riitta)
    account = desk.get(reverse("console:account", args=[pharmacy.pk]))
    assert len(account.context["domains"]) == 50
    assert account.context["more_domains"]
