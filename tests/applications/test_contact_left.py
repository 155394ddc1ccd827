"""Mails about an order whose contact person has left reach those who still act for it."""

import pytest
from django.core import mail

from accounts.access import actor_for
from accounts.services.organisations import membership
from applications import services
from applications.rules import recipients
from certportal.dev.builders import orders
from certportal.foundation import clock


@pytest.fixture(autouse=True)
def _local_mail(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@pytest.fixture
def theirs(maija):
    """An order that names Maija as its contact person."""
    order = orders.with_csr(maija)
    contact = {"contact_name": "Maija Mallikas", "contact_email": "Maija@example.fi"}
    seen = orders.Handler(maija, order).seen
    services.save_section(order.pk, "contact", contact, **seen)
    orders.submit(maija, order)
    orders.drain()
    return order


def withdraw(order, by) -> list[list[str]]:
    mail.outbox.clear()
    services.withdraw(order.pk, **orders.Handler(by, order).seen)
    orders.drain()
    return [one.to for one in mail.outbox]


def test_while_they_belong_to_the_account_they_are_told(theirs, matti):
    assert withdraw(theirs, matti) == [["Maija@example.fi"]]


def test_once_they_have_left_the_administrators_are(theirs, matti, maija):
    key = maija.memberships.get().pk
    membership.remove(key, by=matti, actor=actor_for(matti), now=clock.now())
    orders.drain()
    assert withdraw(theirs, matti) == [["matti@example.fi"]]
    assert f"/orders/{theirs.pk}/" in mail.outbox[0].body


def test_one_who_changed_the_address_before_leaving_is_not_told_at_the_former(theirs, matti, maija):
    maija.email = "maija@toinen.example.fi"
    maija.save(update_fields=["email"])
    theirs.refresh_from_db()
    assert recipients.package(theirs) == ("recipient", "mailbox")
    membership.remove(maija.memberships.get().pk, by=matti, actor=actor_for(matti), now=clock.now())
    orders.drain()
    assert recipients.package(theirs) == (f"person:{matti.pk}", "mailbox")
    assert withdraw(theirs, matti) == [["matti@example.fi"]]


def test_one_who_came_back_is_told_again(theirs, matti, maija, pharmacy, now):
    own = maija.memberships.get()
    membership.remove(own.pk, by=matti, actor=actor_for(matti), now=clock.now())
    pharmacy.memberships.create(person=maija, role="applicant", basis="invitation", begun_at=now)
    orders.drain()
    assert withdraw(theirs, matti) == [["Maija@example.fi"]]


def test_an_address_that_is_no_persons_stays_as_it_is(theirs, matti, maija):
    theirs.contact_email = "tilaukset@example.fi"
    theirs.save(update_fields=["contact_email"])
    assert withdraw(theirs, matti) == [["tilaukset@example.fi"]]
