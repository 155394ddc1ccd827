"""From the reminder straight to the new order: what is filled in, what is left, for whom."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import renewal
from certportal.dev.builders import orders, people
from tests.applications.renewals import renew

pytestmark = pytest.mark.django_db


def again(order) -> str:
    return reverse("applications:again", args=[order.pk])


def under_way(order):
    return renewal.under_way(order, Application.objects.all())


def begin(web, order):
    """Press the button of the page; return the draft and where it led."""
    answer = web.post(again(order), {"version": order.version})
    return Application.objects.get(status="draft"), answer["Location"]


def test_every_reminder_leads_straight_there(order, post):
    Application.objects.filter(pk=order.pk).update(
        technical_name="Teemu", technical_email="teemu@it.example", technical_language="sv"
    )
    at = certificate_of(order).not_after - timedelta(days=30, hours=12)
    mail.outbox.clear()
    services.remind_of_expiry(now=at)
    bodies = {one.to[0]: one.body for one in post(at)}
    assert set(bodies) == {"matti@example.fi", "tekniikka@example.fi", "teemu@it.example"}
    for body in bodies.values():
        assert re.search(rf"/(fi|sv)/orders/{order.pk}/again/\n", body)
    # Whoever has no account reads whom to hand it to.
    for address in ("tekniikka@example.fi", "teemu@it.example"):
        assert "Matti Meikäläinen" in bodies[address]


def test_who_is_not_logged_in_comes_back_to_it_after_identification(order):
    answer = Client().get(again(order))
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"?next={again(order).replace('/', '%2F')}")


def test_one_page_shows_what_is_filled_in_and_leads_to_the_request(order, web):
    page = web.get(again(order)).text
    for told in (*order.names, "tekniikka@example.fi", "1.2.246.10.99000018.10.0"):
        assert told in page
    draft, led_to = begin(web, order)
    assert led_to == reverse("applications:part", args=[draft.pk, "csr"])
    assert draft.names == order.names


def test_with_the_request_it_is_ready_to_be_sent(order, web, matti):
    draft, csr_page = begin(web, order)
    given = {"how": "text", "text": orders.openssl_csr().decode(), "version": draft.version}
    preview = web.post(csr_page, given)["Location"]
    draft.refresh_from_db()
    answer = web.post(preview, {"version": draft.version})
    assert answer["Location"] == reverse("applications:check", args=[draft.pk])


def test_who_brought_the_request_brings_the_next(order, web):
    Application.objects.filter(pk=order.pk).update(
        csr_by="technical_contact", technical_name="Teemu", technical_email="teemu@it.example"
    )
    assert "Teemu" in web.get(again(order)).text
    draft, led_to = begin(web, order)
    assert draft.csr_by == "technical_contact"
    assert led_to == reverse("applications:check", args=[draft.pk])


def test_where_more_is_missing_the_tasks_are_listed(order, web):
    Application.objects.filter(pk=order.pk).update(mailbox="")
    draft, led_to = begin(web, order)
    assert led_to == reverse("applications:order", args=[draft.pk])


def test_an_order_under_way_is_named_until_it_is_closed(order, web, maija, riitta):
    assert under_way(order) == []
    draft = orders.draft(maija)
    assert under_way(order) == [draft]
    page = web.get(again(order)).text
    assert draft.number in page
    assert "Maija Mallikas" in page
    services.discard(draft.pk, **orders.Handler(maija, draft).seen)
    assert under_way(order) == []


def test_who_had_opened_the_page_before_a_colleague_reads_of_the_other_order_before_sending(
    order, web, matti, maija
):
    own, theirs = (orders.with_csr(who) for who in (matti, maija))
    pages = {
        who: people.log_in(Client(), who).get(reverse("applications:check", args=[draft.pk])).text
        for who, draft in ((matti, own), (maija, theirs))
    }
    assert theirs.number in pages[matti] and "Maija Mallikas" in pages[matti]
    assert own.number in pages[maija] and "Matti Meikäläinen" in pages[maija]
    services.discard(theirs.pk, **orders.Handler(maija, theirs).seen)
    assert theirs.number not in web.get(reverse("applications:check", args=[own.pk])).text


def test_an_order_begun_for_a_mailbox_is_named_before_the_mailbox_is_proven(
    matti, riitta, cas, web
):
    order = orders.delivered(matti, riitta, "email")
    draft, _led_to = begin(web, order)
    assert draft.certified_email == ""
    assert draft.number in web.get(again(order)).text
    orders.prove_mailbox(matti, draft, "toinen@example.fi")
    assert under_way(order) == []


def test_an_earlier_order_or_a_delivered_one_is_not_under_way(order, matti, riitta):
    later = renew(matti, riitta)
    assert under_way(order) == []
    assert under_way(later) == []


def test_a_technical_member_comes_to_their_own_page_of_it(order, teemu):
    theirs = people.log_in(Client(), teemu)
    assert theirs.get(again(order)).status_code == 404
    Application.objects.filter(pk=order.pk).update(technical_email=teemu.email)
    answer = theirs.get(again(order))
    assert answer["Location"] == reverse("technical:order", args=[order.pk])


def test_strangers_find_nothing(order, stranger):
    assert people.log_in(Client(), stranger).get(again(order)).status_code == 404
