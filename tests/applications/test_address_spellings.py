"""One mailbox is one mailbox in every rule about an order, however its address is spelled."""

import pytest
from django.core import mail

from accounts.access import actor_for
from accounts.services.people import preferences
from applications import services
from applications.access import as_technician, naming
from applications.models import Application
from applications.rules import contact_links, mail_choices
from applications.views.order.forms.technical_contact import TechnicalContactForm
from certportal.dev.builders import bulk, orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import Actor

QUOTED, PLAIN = '"Teemu"@äkkö.fi', "teemu@xn--kk-uia8e.fi"


@pytest.fixture
def order(matti):
    return orders.waiting_for_contact(matti, technical_email=QUOTED)


def renamed(order, address):
    Application.objects.filter(pk=order.pk).update(technical_email=address)
    order.refresh_from_db()


def test_a_technical_member_finds_the_orders_that_name_them(order, matti, teemu):
    people.verify(teemu, PLAIN, now=clock.now())
    orders.waiting_for_contact(matti, technical_email="teemu@akko.fi")
    assert list(naming(teemu, order.organisation_id)) == [order]
    assert as_technician(teemu, order, now=clock.now()) is not None
    people.verify(teemu, "teemu@example.fi", now=clock.now())
    assert as_technician(teemu, order, now=clock.now()) is None


def test_a_link_is_made_for_the_member_who_alone_reads_the_mailbox(matti, teemu, maija):
    people.verify(maija, PLAIN, now=clock.now())
    people.verify(maija, "maija@example.fi", now=clock.now())  # hers no more
    people.verify(teemu, PLAIN, now=clock.now())
    order = orders.waiting_for_contact(matti, technical_email=QUOTED)
    assert order.contact_links.get().member == teemu.memberships.get()
    people.verify(maija, QUOTED.lower(), now=clock.now())
    assert contact_links.member_at(order, "technical_contact") is None


def test_a_link_opens_the_order_and_is_known_by_another_spelling(order):
    link = order.contact_links.get()
    renamed(order, PLAIN)
    assert contact_links.is_valid(link, order, now=clock.now())
    assert contact_links.latest(order, "technical_contact") == link
    assert contact_links.named_anew(order) == ["deputy"]
    renamed(order, "teemu@akko.fi")
    assert not contact_links.is_valid(link, order, now=clock.now())


def test_who_says_that_the_order_is_not_theirs_is_asked_by_no_spelling(order, matti):
    older = order.contact_links.get()
    renamed(order, PLAIN)
    act(matti, services.resend_link, order)
    newer = order.contact_links.exclude(pk=older.pk).get()
    services.not_mine(newer.pk, actor=Actor("technical_contact", str(newer.pk)), now=clock.now())
    assert not order.contact_links.filter(not_mine_at=None).exists()


def test_the_deputy_is_somebody_else_than_the_contact(matti):
    order = orders.draft(matti)
    typed = orders.CONTACT | {"technical_email": PLAIN, "deputy_name": "Teemu"}
    today = clock.day(clock.now())
    same = TechnicalContactForm(order, typed | {"deputy_email": QUOTED}, today=today)
    other = TechnicalContactForm(order, typed | {"deputy_email": "teemu@akko.fi"}, today=today)
    assert "deputy_email" in same.errors and "deputy_email" not in other.errors


def test_a_member_s_choices_hold_for_the_mailbox_that_an_order_names(matti, maija):
    people.verify(maija, PLAIN, now=clock.now())
    preferences.choose(maija, "en", [], actor=actor_for(maija), now=clock.now())
    order = orders.waiting_for_contact(matti, technical_email=QUOTED)
    assert mail_choices.reached(order, "technical_contact") == (QUOTED, "en")
    people.verify(maija, "maija@example.fi", now=clock.now())
    assert mail_choices.reader(Application.objects.get(pk=order.pk), "technical_contact") is None


def test_one_mail_tells_a_contact_of_all_their_orders_sent_or_completed_together(matti):
    """The contact of the second order is the same mailbox in another spelling."""
    together = bulk.begun(matti, "a.example.fi", "b.example.fi", contact_email=PLAIN)
    Application.objects.filter(pk=together.orders.last().pk).update(contact_email=QUOTED)
    sent = bulk.sent(matti, together)
    told("Olemme saaneet 2 tilausta")
    bulk.completed(matti, sent)
    told("2 tilaukse")


def told(subject):
    mail.outbox.clear()
    orders.drain()
    (one,) = [each for each in mail.outbox if subject in each.subject]
    assert one.to[0] in {QUOTED, PLAIN}
