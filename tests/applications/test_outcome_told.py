"""Whoever sent an order hears of its outcome, also if another person is its contact."""

import pytest
from django.core import mail

from applications import services
from certportal.dev.builders import orders


@pytest.fixture(autouse=True)
def _local_mail(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


def sent_by(matti, contact: str):
    """Return a checked order that Matti sent and that names the address as its contact person's."""
    order = orders.with_csr(matti)
    named = {"contact_name": "Maija Mallikas", "contact_email": contact}
    services.save_section(order.pk, "contact", named, **orders.Handler(matti, order).seen)
    orders.submit(matti, order)
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


def test_and_that_it_was_rejected(matti, maija, riitta, cas):
    order = sent_by(matti, "maija@example.fi")
    heard = told(lambda: reject(riitta, order))
    assert heard == {"matti@example.fi": 1, "maija@example.fi": 1}
    assert all("Nimi on toisen." in one.body for one in mail.outbox)


@pytest.mark.parametrize("contact", ["matti@example.fi", "Matti@EXAMPLE.fi", '"matti"@example.fi'])
def test_one_mailbox_gets_one_mail(matti, riitta, cas, contact):
    order = sent_by(matti, contact)
    assert list(told(lambda: reject(riitta, order)).values()) == [1]
