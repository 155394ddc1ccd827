"""Pages ask the database so many times at most, however much they show."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services.organisations import invite
from applications import services
from applications.models import Application
from applications.views.console.queue import queue
from certportal.dev.builders import documents, orders, people, replacements
from certportal.dev.builders.acts import act, do
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority
from issuance.models import Certificate
from tests.applications.console.undelivered import refuse_mails
from tests.applications.long_lists import certified

LISTS = {
    "accounts": 12,
    "administrators": 12,
    "blocked_keys": 12,
    "certificates": 12,
    "people": 12,
    "queue": 12,
    "register": 12,
    "replacements": 12,
    "undelivered": 12,
    "waivers": 12,
    "events": 15,
    "numbers": 19,
}
SEARCH, EVERYTHING, CASE, PAGE, STEP = 12, 15, 17, 13, 20
INVITED = {"role": "applicant", "language": "fi"}


@pytest.fixture
def full(ready, matti, riitta, cas):
    """A case that can be approved, beside one that waits and one that has its certificate."""
    orders.in_review(matti)
    orders.delivered(matti, riitta)
    return ready


def asked(desk, name, *args, **query):
    """Return the statements of a page whose session was just written."""
    desk.open(name, *args, **query)
    with CaptureQueriesContext(connection) as queries:
        assert desk.open(name, *args, **query).status_code == 200
    return [one["sql"][:200] for one in queries]


def test_the_lists_of_the_console(full, desk):
    for name, most in LISTS.items():
        found = asked(desk, name)
        assert len(found) <= most, (name, found)


def test_the_blocked_keys_of_forty_certificates(desk, matti, riitta, cas):
    key = certified(orders.delivered(matti, riitta), 40).spki_sha256
    authority.block_key(key, "published", actor=system("block_keys"), now=clock.now())
    found = asked(desk, "blocked_keys")
    assert len(found) <= LISTS["blocked_keys"], found


def test_a_search(full, desk):
    serial = orders.prepared(full).serial
    for typed in ("erecept", full.number, "9900001-8", serial, str(int(serial, 16))):
        found = asked(desk, "queue", q=typed)
        assert len(found) <= SEARCH, (typed, found)


def test_a_search_that_found_more_than_a_page(full, desk, monkeypatch):
    monkeypatch.setattr(queue, "PAGE", 1)
    found = asked(desk, "queue", q="9900001-8")
    assert len(found) <= SEARCH, found


def test_a_case_that_waits_and_one_that_has_ended(full, desk, matti, riitta):
    for order in (full, orders.delivered(matti, riitta)):
        found = asked(desk, "case", order.pk)
        assert len(found) <= CASE, found


def test_an_answered_case_and_the_pages_on_which_it_is_decided(full, desk, matti, riitta):
    orders.ask(riitta, full, clock.day(clock.now()) + timedelta(days=14))
    do(matti, services.attach_to_answer, full.pk, data=documents.pdf(), name="sopimus.pdf")
    orders.resubmit(matti, full, reply="Apteekki.")
    orders.drain()
    found = {name: asked(desk, name, full.pk) for name in ("case", "approve", "reject", "ask")}
    assert len(found["case"]) <= CASE, found["case"]
    steps = {name: len(found[name]) for name in ("approve", "reject", "ask")}
    assert max(steps.values()) <= STEP, steps


def test_the_bar_asks_once_however_many_pages_it_counts(full, desk):
    found = [one for one in asked(desk, "accounts") if one.startswith("SELECT part.number")]
    assert len(found) == 2  # the session with the person's rights, and the bar


def test_a_search_of_everything(full, desk):
    for typed in ("erecept", "Meikäläinen", "apteekki"):
        found = asked(desk, "search", q=typed)
        assert len(found) <= EVERYTHING, found


def test_the_pages_of_an_organisation_a_certificate_a_key_and_a_person(full, desk, matti, riitta):
    certificate = Certificate.objects.get()
    pages = {
        "account": full.organisation_id,
        "certificate": certificate.reference,
        "key": certificate.spki_sha256,
        "person": matti.pk,
    }
    found = {name: asked(desk, name, key) for name, key in pages.items()}
    assert {name: len(one) for name, one in found.items() if len(one) > PAGE} == {}, found


def test_the_list_of_many_plans(desk, matti, riitta, raimo, cas):
    orders.delivered(matti, riitta)
    for _plan in range(4):
        replacements.approve(replacements.plan(), riitta, raimo)
    page = desk.open("replacements")
    assert [row["given"] for row in page.context["rows"]] == [2] * 4
    found = asked(desk, "replacements")
    assert len(found) <= LISTS["replacements"], found


def test_the_list_of_many_mails_that_did_not_arrive(desk, matti, riitta, cas, monkeypatch):
    def lose(number):
        """Lose the mails of as many orders and their certificates, each to another address."""
        for nth in range(number):
            order = orders.delivered(matti, riitta)
            Application.objects.filter(pk=order.pk).update(contact_email=f"m{nth}@example.fi")
            orders.waiting_for_contact(matti, technical_email=f"t{nth}@example.com")
        orders.drain()

    with monkeypatch.context() as patch:
        refuse_mails(patch)
        lose(1)
        few = asked(desk, "undelivered")
        lose(4)
    told = [row.item.payload["notice"] for row in desk.open("undelivered").context["rows"]]
    assert all(told.count(one) >= 5 for one in ("receipt", "package", "link_sent", "undelivered"))
    assert len(asked(desk, "undelivered")) == len(few), few


def test_an_account_with_many_members(desk, matti, maija, pharmacy):
    few = asked(desk, "account", pharmacy.pk)
    for nth in range(6):
        invitation = act(matti, invite.invite, pharmacy, f"n{nth}@example.fi", **INVITED)
        invited = people.make_person(f"N{nth} Uusi", now=clock.now())
        people.verify(invited, invitation.email, now=clock.now())
        act(invited, invite.accept, invitation.pk, invitation.token)
    members = desk.open("account", pharmacy.pk).context["members"]
    assert sum(one["right"] == matti.memberships.get() for one in members) == 8
    assert len(asked(desk, "account", pharmacy.pk)) <= len(few), few
