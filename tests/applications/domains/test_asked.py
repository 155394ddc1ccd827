"""What the page of the domains asks for and says, and how a record that went wrong is read."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from applications import services
from applications.models import Domain
from applications.rules import domain_record
from applications.rules.domain_record import Outcome
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests.applications.domains.published import HOST, ISSUER, PAGE
from tests.dns_servers import ADDRESS


@pytest.fixture
def web(web, settings):
    """Matti's client, while domains are looked up."""
    resolvers = [(ADDRESS, 53)]
    settings.DOMAIN_CONTROL = {"issuer": ISSUER, "resolvers": resolvers, "days": 200}
    return web


def test_a_record_with_our_name_that_was_written_wrongly_is_told_to_be_there(pharmacy):
    """Not that it is absent, or another account's: one would wait, or ask whose account it is."""
    account = domain_record.account_of(pharmacy.pk)
    found = {
        value: domain_record.judge(
            [value],
            issuer=ISSUER,
            organisation_id=pharmacy.pk,
            is_above=False,
            on=clock.day(clock.now()),
        )[0]
        for value in (
            ISSUER,  # a zone file without quotation marks, where the semicolon begins a comment
            f"{ISSUER} account={account}",
            f"{ISSUER}, account={account}",
            f"{ISSUER}; {account}",
            f"{ISSUER}; account={account[:-1]}",
        )
    }
    assert set(found.values()) == {Outcome.UNREADABLE}, found


def test_before_the_right_is_confirmed_the_page_says_where_a_name_is_written_first(
    web, matti, sample
):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    assert "ensin tilaukseesi" in web.get(PAGE).text
    assert "ensin tilaukseesi" in web.post(PAGE, {"name": HOST}).text
    assert not Domain.objects.exists()
    draft = orders.draft(matti)
    seen = orders.Handler(matti, draft).seen
    services.save_section(draft.pk, "host_names", {"host_names": [HOST]}, **seen)
    web.post(PAGE, {"name": HOST})
    assert Domain.objects.get().name == HOST


def test_a_name_may_be_longer_than_the_main_name_of_a_certificate(web):
    long = f"{'a' * 60}.apteekki.example.fi"
    web.post(PAGE, {"name": long})
    assert Domain.objects.get().name == long


def test_the_mail_to_the_keeper_of_the_dns_has_line_breaks_as_mails_have_them(web):
    web.post(PAGE, {"name": HOST})
    (row,) = web.get(PAGE).context["rows"]
    body = parse_qs(urlsplit(row.mail).query)["body"][0]
    assert "\r\n\r\nTyyppi: TXT\r\n" in body
    assert "\n" not in body.replace("\r\n", "")


def test_a_name_below_one_whose_record_was_found_is_told_to_be_found(web, pharmacy, riitta):
    """Its orders take that record; the name itself was looked up before it was there."""
    found = {"place": "example.fi", "subdomains": True, "outcome": Outcome.PROVEN}
    record = domain_record.text(ISSUER, pharmacy.pk, subdomains=True)
    looked = {"asked_at": clock.now(), "looked_at": clock.now()}
    proven = {**found, "record": record, "proven_at": clock.now()}
    pharmacy.domains.create(name="a.example.fi", **looked, **proven)
    for name in (HOST, "klinikka.fi"):
        pharmacy.domains.create(name=name, outcome=Outcome.ABSENT, **looked)
    rows = web.get(PAGE).context["rows"]
    assert {row.domain.name: (row.label, row.found.place) for row in rows} == {
        "a.example.fi": ("Löytyi", "example.fi"),
        HOST: ("Löytyi", "example.fi"),
        "klinikka.fi": ("Ei löytynyt", ""),
    }
    desk = people.log_in(Client(), riitta)
    account = desk.get(reverse("console:account", args=[pharmacy.pk]))
    assert [(one.name, str(label)) for one, _found, label, _tone in account.context["domains"]] == [
        ("a.example.fi", "Löytyi"),
        (HOST, "Löytyi"),
        ("klinikka.fi", "Ei löytynyt"),
    ]
