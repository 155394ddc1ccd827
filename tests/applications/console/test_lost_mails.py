"""A mail that does not reach an address on an order shows on the order, and its sender is told."""

import pytest
from django.core import mail as box
from django.urls import reverse

from applications import services
from applications.rules import undelivered
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.mail import bounces, sending
from certportal.foundation.mail.sending import mark_of
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside
from tests.foundation import reports

TIINA = orders.CONTACT["technical_email"]
NEW = "uusi.yhteys@example.fi"


@pytest.fixture
def order(matti, cas):
    """Matti's order, of which Tiina is to bring the certificate request; the mails have gone."""
    made = orders.waiting_for_contact(matti)
    orders.drain()
    box.outbox.clear()
    return made


def come_back(order, notice):
    item = OutboxItem.objects.get(payload__application=str(order.pk), payload__notice=notice)
    set_aside.came_back(item.pk, item.round, "5.1.1", actor=system("bounces"), now=clock.now())
    orders.drain()
    return item


@pytest.fixture
def take_report():
    """Take in a report about the mail whose Message-ID begins so."""

    def take(begin):
        content = reports.standard("postfix", begin.strip("<@"))
        return bounces.take(bounces.read(content), now=clock.now())

    return take


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

    def refuse_tiina(message, **more):
        if message.to == TIINA:
            raise sending.Undeliverable("mail server")
        deliver(message, **more)

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
    set_aside.came_back(item.pk, item.round, "", actor=system("bounces"), now=clock.now())
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


def link_sent(order):
    return OutboxItem.objects.get(
        payload__application=str(order.pk), payload__notice="link_sent", sent_to=mark_of(TIINA)
    )


def rename(order, matti):
    named = {"technical_name": "Uusi Yhteys", "technical_email": NEW}
    services.rename_contact(order.pk, named, **orders.Handler(matti, order).seen)
    orders.drain()


def test_another_contact_is_not_called_unreached_for_the_one_before(order, desk, matti, web_of):
    item = come_back(order, "link_sent")
    rename(order, matti)
    order.refresh_from_db()
    page = web_of(matti).get(reverse("applications:order", args=[order.pk])).text
    assert "<li>" + NEW not in page
    assert undelivered.addresses(order) == []
    assert desk.url("undelivered_one", item.pk) in desk.open("case", order.pk).text
    assert undelivered.sent_to(item, order) == ""


def test_what_comes_back_after_another_was_named_is_told_to_nobody(order, matti):
    item = link_sent(order)
    rename(order, matti)
    box.outbox.clear()
    set_aside.came_back(item.pk, item.round, "5.1.1", actor=system("bounces"), now=clock.now())
    orders.drain()
    assert told() == []
    new = OutboxItem.objects.get(payload__notice="link_sent", sent_to=mark_of(NEW))
    set_aside.came_back(new.pk, new.round, "5.1.1", actor=system("bounces"), now=clock.now())
    orders.drain()
    assert [to for to, _subject in told()] == [[matti.email]]
    assert NEW in box.outbox[0].body
    assert TIINA not in box.outbox[0].body


def test_a_late_report_does_not_accuse_the_corrected_address(order, riitta, matti, take_report):
    receipt = come_back(order, "receipt")
    actor = system("test")
    right = "matti.oikea@example.fi"
    services.send_corrected(receipt.pk, right, person=riitta, actor=actor, now=clock.now())
    orders.drain()
    assert box.outbox[-1].to == [right]
    first, second = f"<{receipt.pk}@", f"<{receipt.pk}.2@"
    assert box.outbox[-1].extra_headers["Message-ID"].startswith(second)
    assert take_report(first) == "known"
    order.refresh_from_db()
    assert undelivered.addresses(order) == []
    assert take_report(second) == "set_aside"
    assert undelivered.addresses(order) == [right]
