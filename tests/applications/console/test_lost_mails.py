"""A mail that does not reach an address on an order shows on the order, and its sender is told."""

import pytest
from django.core import mail as box
from django.urls import reverse

from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.mail import sending
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside

TIINA = orders.CONTACT["technical_email"]


@pytest.fixture
def order(matti, cas):
    """Matti's order, of which Tiina is to bring the certificate request; the mails have gone."""
    made = orders.waiting_for_contact(matti)
    orders.drain()
    box.outbox.clear()
    return made


def come_back(order, notice):
    item = OutboxItem.objects.get(payload__application=str(order.pk), payload__notice=notice)
    set_aside.came_back(item.pk, "5.1.1", actor=system("bounces"), now=clock.now())
    orders.drain()
    return item


def told():
    return [(one.to, one.subject) for one in box.outbox]


def test_the_sender_is_told_which_address_and_what_to_do(order, matti):
    come_back(order, "link_sent")
    ((to, subject),) = told()
    assert to == [matti.email]
    assert order.number in subject
    assert TIINA in box.outbox[0].body
    assert "tekni" in box.outbox[0].body


def test_also_of_a_mail_that_our_own_server_refused(matti, cas, monkeypatch):
    deliver = sending.send

    def refuse_tiina(message, *, item_id):
        if message.to == TIINA:
            raise sending.Undeliverable("mail server")
        deliver(message, item_id=item_id)

    monkeypatch.setattr(sending, "send", refuse_tiina)
    orders.waiting_for_contact(matti)
    orders.drain()
    assert [to for to, subject in told() if "Viestimme ei mennyt perille" in subject] == [
        [matti.email]
    ]


def test_once_of_each_address(order):
    item = come_back(order, "link_sent")
    set_aside.take_up(item.pk, actor=system("test"), now=clock.now())
    orders.drain()
    assert [to for to, _subject in told()][1:] == [[TIINA]]
    come_back(order, "link_sent")
    assert len(told()) == 2


def test_not_at_the_address_that_is_lost(order):
    come_back(order, "receipt")
    assert told() == []


def test_that_this_mail_comes_back_is_told_to_nobody(order):
    come_back(order, "link_sent")
    come_back(order, "undelivered")
    assert len(told()) == 1


def test_a_mail_sent_again_meanwhile_is_no_news(order):
    item = OutboxItem.objects.get(payload__notice="link_sent")
    set_aside.came_back(item.pk, "", actor=system("bounces"), now=clock.now())
    set_aside.take_up(item.pk, actor=system("test"), now=clock.now())
    orders.drain()
    assert [to for to, _subject in told()] == [[TIINA]]


def test_it_shows_on_the_order_until_somebody_has_dealt_with_it(order, desk, matti, web_of):
    item = come_back(order, "link_sent")
    case = desk.open("case", order.pk).text
    assert desk.url("undelivered_one", item.pk) in case
    assert TIINA in case
    page, address = web_of(matti), reverse("applications:order", args=[order.pk])
    said = f"<li>{TIINA}</li>"
    assert said in page.get(address).text
    set_aside.give_up(item.pk, "Soitettu.", actor=system("test"), now=clock.now())
    assert desk.url("undelivered_one", item.pk) not in desk.open("case", order.pk).text
    assert said not in page.get(address).text
