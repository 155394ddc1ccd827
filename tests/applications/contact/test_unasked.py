"""To whom the service mails a link by itself, when nobody asks it to."""

from datetime import date, timedelta

import pytest
from django.core import mail

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import contact_links
from applications.workflow import Status
from certportal.dev.builders import mails, orders
from certportal.dev.builders.orders import CONTACT, Handler
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.models import OutboxItem
from tests.applications.contact.conftest import at, confirm, give, send_back
from tests.applications.packages import packages_in

TIINA = Actor("technical_contact", "test")


def sent_back(order, *, request, matti) -> None:
    """Matti brings a request himself whose key is blocked by the time of the checks."""
    orders.drain()
    orders.attach(matti, order, request)
    send_back(order)


def mailed_to(address: str) -> list:
    return [one for one in mail.outbox if one.to == [address]]


@pytest.mark.parametrize("how", ["revoked", "not mine"])
def test_whoever_was_dismissed_gets_no_link_when_the_checks_send_a_request_back(
    order, link, matti, how
):
    if how == "revoked":
        services.revoke_link(order.pk, **Handler(matti, order).seen)
    else:
        services.not_mine(link.pk, actor=TIINA, now=clock.now())
    sent_back(order, request=orders.openssl_csr(), matti=matti)
    assert order.contact_links.get() == link
    assert not mailed_to("tiina@example.com")
    told = mailed_to("matti@example.fi")[-1]
    assert "uudelleen" in told.subject
    assert "tekniseltä yhteyshenkilöltä" not in told.body
    assert "raukeaa" in told.body  # and until when a new request may come


def test_whoever_said_it_is_not_theirs_is_left_alone_when_the_order_is_reopened(
    order, link, matti, riitta
):
    services.not_mine(link.pk, actor=TIINA, now=clock.now())
    services.lapse(order.pk, now=clock.now())
    services.reopen(order.pk, reasons="Virhe", person=riitta, **Handler(riitta, order).seen)
    assert order.contact_links.get() == link


def test_whoever_said_it_is_not_theirs_gets_no_mail_any_more(matti, riitta, cas):
    """The certificate was to go to Tiina; the one who ordered gets it, and is told so."""
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, CONTACT)
    orders.submit(matti, order)
    orders.drain()
    mail.outbox.clear()
    services.not_mine(order.contact_links.get().pk, actor=TIINA, now=clock.now())
    orders.drain()
    (told,) = mailed_to("matti@example.fi")
    assert "Varmenne lähetetään sähköpostitse sinulle" in told.body
    orders.finish(matti, riitta, order)
    assert order.status == Status.DELIVERED
    assert not mailed_to("tiina@example.com")
    services.remind_of_expiry(now=certificate_of(order).not_after - timedelta(days=30))
    reminders = OutboxItem.objects.filter(payload__notice="renewal")
    assert {one.payload["recipient"] for one in reminders} == {"applicant", "mailbox"}
    packages = packages_in(mail.outbox)
    assert {one.to[0] for one in packages} == {"matti@example.fi", "tekniikka@example.fi"}


def test_whoever_gets_a_new_link_is_mailed_again(order, link, matti):
    services.not_mine(link.pk, actor=TIINA, now=clock.now())
    services.resend_link(order.pk, **Handler(matti, order).seen)
    mail.outbox.clear()
    orders.drain()
    assert mailed_to("tiina@example.com")


def test_the_mail_names_the_address_that_said_so(order, link, matti):
    """Not the one that was named before."""
    named = {"technical_name": "Uusi", "technical_email": "uusi@example.com"}
    services.rename_contact(order.pk, named, **Handler(matti, order).seen)
    orders.drain()
    mail.outbox.clear()
    newest = order.contact_links.get(email="uusi@example.com")
    services.not_mine(newest.pk, actor=TIINA, now=clock.now())
    orders.drain()
    (told,) = mailed_to("matti@example.fi")
    assert "uusi@example.com" in told.body
    assert "tiina@example.com" not in told.body
    link.refresh_from_db()
    assert link.not_mine_at is None


def test_a_contact_named_again_gets_a_link(order, link, matti):
    def unknown():
        order.refresh_from_db()
        return contact_links.named_anew(order)

    named = {"technical_name": "Uusi", "technical_email": "uusi@example.com"}
    services.rename_contact(order.pk, named, **Handler(matti, order).seen)
    assert "technical_contact" not in unknown()
    Application.objects.filter(pk=order.pk).update(technical_email=link.email)
    assert "technical_contact" in unknown()
    services.resend_link(order.pk, **Handler(matti, order).seen)
    services.revoke_link(order.pk, **Handler(matti, order).seen)
    assert "technical_contact" not in unknown()


def test_a_contact_named_in_an_answer_gets_the_link(order, link, tiina, matti, riitta, cas):
    tiina.post(at(link))
    confirm(tiina, give(tiina, link)["Location"])
    orders.drain()
    services.claim(order.pk, person=riitta, **Handler(riitta, order).seen)
    asked = {"reason": "Kuka?", "sections": ["technical"], "deadline": date(2099, 1, 1)}
    services.request_info(order.pk, person=riitta, **asked, **Handler(riitta, order).seen)
    orders.drain()
    page = tiina.get(at(link, "order")).text
    assert "when you have answered" not in page
    assert "lapses" not in page
    resent = mails.about_order("link_sent", order, "technical_contact", now=clock.now())
    assert "förfaller" not in resent.text
    values = CONTACT | {"technical_email": "uusi@example.com", "technical_language": "fi"}
    seen = Handler(matti, order).seen
    services.save_section(order.pk, "technical", values, **seen)
    mail.outbox.clear()
    orders.resubmit(matti, order)
    orders.drain()
    (message,) = mailed_to("uusi@example.com")
    assert "contact-link" in message.body
    assert not mailed_to("tiina@example.com")
    assert tiina.get(at(link)).status_code == 410


def test_whoever_was_to_bring_the_request_is_told_of_the_withdrawal(order, link, matti):
    mail.outbox.clear()
    services.withdraw(order.pk, **Handler(matti, order).seen)
    orders.drain()
    (told,) = [one for one in mail.outbox if one.to == ["tiina@example.com"]]
    assert "Beställningen har återtagits" in told.subject
    assert "/orders/" not in told.body
    assert [one.to for one in mail.outbox if "peruutettu" in one.subject] == [["matti@example.fi"]]


def test_a_withdrawal_is_no_news_to_a_contact_who_has_done_their_part(order, link, tiina, matti):
    tiina.post(at(link))
    confirm(tiina, give(tiina, link)["Location"])
    orders.drain()
    mail.outbox.clear()
    services.withdraw(order.pk, **Handler(matti, order).seen)
    orders.drain()
    assert [one.to for one in mail.outbox] == [["matti@example.fi"]]
