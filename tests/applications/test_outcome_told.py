"""Whoever sent an order hears of its outcome, also if another person is its contact."""

import pytest
from django.core import mail

from accounts.access import actor_for
from accounts.services.organisations import membership
from accounts.services.people import merge, preferences
from applications import services
from applications.models import Application
from applications.rules import recipients
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.remembered import remembering


@pytest.fixture(autouse=True)
def _local_mail(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@remembering
def sent_by(sender, contact: str):
    """Return a checked order of the sender, with this address of its contact person."""
    order = orders.with_csr(sender)
    named = {"contact_name": "Maija Mallikas", "contact_email": contact}
    services.save_section(order.pk, "contact", named, **orders.Handler(sender, order).seen)
    orders.submit(sender, order)
    orders.drain()
    return order


def told(act) -> dict[str, int]:
    """Do what `act` does; return how many mails each address got by it."""
    mail.outbox.clear()
    act()
    orders.drain()
    addresses = [address for one in mail.outbox for address in one.to]
    return {address: addresses.count(address) for address in addresses}


def reject(riitta, order) -> None:
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    given = {"reasons": "Nimi on toisen.", **orders.UNHEARD, "person": riitta}
    services.reject(order.pk, **given, **orders.Handler(riitta, order).seen)


def test_matti_hears_that_the_order_with_maija_as_contact_was_approved(matti, maija, riitta, cas):
    order = sent_by(matti, "maija@example.fi")
    heard = told(lambda: orders.finish(matti, riitta, order))
    assert (heard["matti@example.fi"], heard["maija@example.fi"]) == (1, 1)
    (approved,) = [one for one in mail.outbox if one.to == ["matti@example.fi"]]
    assert order.number in approved.subject
    assert f"/orders/{order.pk}/" in approved.body
    assert not approved.attachments


def test_each_of_them_is_written_to_in_their_own_language(matti, maija, riitta, cas):
    """The case is Finnish: so are the decision and the reviewer's words."""
    preferences.choose(maija, "sv", None, actor=actor_for(maija), now=clock.now())
    order = sent_by(matti, "Maija@example.fi")
    told(lambda: reject(riitta, order))
    written = {one.to[0]: one for one in mail.outbox}
    assert "Tilaus on hylätty" in written["matti@example.fi"].subject
    assert "Beställningen har avslagits" in written["Maija@example.fi"].subject
    assert f"/sv/orders/{order.pk}/" in written["Maija@example.fi"].body
    assert "Nimi on toisen." in written["Maija@example.fi"].body


def test_and_that_it_was_rejected(matti, maija, riitta, cas):
    order = sent_by(matti, "maija@example.fi")
    heard = told(lambda: reject(riitta, order))
    assert heard == {"matti@example.fi": 1, "maija@example.fi": 1}
    assert all("Nimi on toisen." in one.body for one in mail.outbox)


@pytest.mark.parametrize("contact", ["matti@example.fi", "Matti@EXAMPLE.fi", '"matti"@example.fi'])
def test_one_mailbox_gets_one_mail(matti, riitta, cas, contact):
    order = sent_by(matti, contact)
    assert list(told(lambda: reject(riitta, order)).values()) == [1]


def sent_by_maija(maija):
    """Return a checked order that Maija sent and that names a mailbox as its contact's."""
    order = sent_by(maija, "tilaukset@example.fi")
    assert recipients.author(order) == [f"person:{maija.pk}"]
    return order


def about(order) -> list[list[str]]:
    """Return who got mails with the order's number in the subject."""
    return sorted(one.to for one in mail.outbox if order.number in one.subject)


def test_who_left_before_the_mail_was_sent_is_told_no_outcome(matti, maija, riitta, cas):
    order = sent_by_maija(maija)

    def reject_and_leave() -> None:
        reject(riitta, order)
        key = maija.memberships.get().pk
        membership.remove(key, by=matti, actor=actor_for(matti), now=clock.now())

    told(reject_and_leave)
    assert about(order) == [["tilaukset@example.fi"]]


@pytest.mark.parametrize("before", [True, False])
def test_the_person_into_whom_the_sender_was_merged_is_told(matti, maija, riitta, cas, before):
    order = sent_by_maija(maija)
    same = people.make_person("Mia Mallikas")

    def join() -> None:
        merge.merge(maija, into=same, actor=system("operator"), now=clock.now())

    def act() -> None:
        if before:
            join()
        reject(riitta, order)
        if not before:
            join()

    told(act)
    assert about(order) == [["mia@example.fi"], ["tilaukset@example.fi"]]
    order = Application.objects.get(pk=order.pk)
    assert recipients.author(order) == [f"person:{same.pk}"]
