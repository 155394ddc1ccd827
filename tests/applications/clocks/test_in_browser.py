"""What people see of an order's end: it lapses, stays open, is withdrawn, is renewed."""

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client
from playwright.sync_api import expect

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from certportal.dev.builders import orders
from certportal.foundation import clock
from tests.accessibility import check_both_widths
from tests.applications.clocks.asking import ask_for_unit
from tests.applications.clocks.conftest import noon, waiting_for_csr
from tests.applications.contact.conftest import at, send as send
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_six_months_on_the_incomplete_order_has_lapsed_and_the_complete_one_has_not(
    matti, open_as, post
):
    waiting = waiting_for_csr(matti, "2027-01-15")
    complete = orders.in_review(matti)
    Application.objects.filter(pk=complete.pk).update(submitted_at=noon("2027-01-15"))
    page = open_as(matti, f"/en/orders/{waiting.pk}/")
    expect(page.locator("main")).to_contain_text("15 July 2027")
    services.watch_incomplete(now=noon("2027-07-16"))
    (message,) = post(noon("2027-07-16"))
    assert waiting.number in message.subject
    page = open_as(matti, f"/en/orders/{waiting.pk}/")
    expect(page.locator("main")).to_contain_text("lapsed")
    expect(page.locator("main")).not_to_contain_text("Complete the order by")
    check_both_widths(page)
    page = open_as(matti, f"/en/orders/{complete.pk}/")
    expect(page.locator("main")).to_contain_text("In review")


def test_a_reminder_leads_straight_to_the_renewal(matti, riitta, cas, open_as, post):
    order = orders.delivered(matti, riitta)
    at = certificate_of(order).not_after - timedelta(days=30)
    mail.outbox.clear()
    services.remind_of_expiry(now=at)
    reminder = next(one for one in post(at) if one.to == ["matti@example.fi"])
    (path,) = re.findall(r"https?://[^/\s]+(/\S+/again/)\s", reminder.body)
    page = open_as(matti, path.replace("/fi/", "/en/"))
    expect(page.locator("main")).to_contain_text("varmuus.example.fi")
    check_both_widths(page)
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: str(order.pk) not in url)
    renewal = Application.objects.get(status="draft")
    names = {host.name for host in order.host_names.all()}
    assert {host.name for host in renewal.host_names.all()} == names
    assert clock.day(renewal.created_at) == clock.day(at)
    expect(page.locator("h1")).to_have_text("Certificate request (CSR)")


def test_from_the_mail_to_in_use(matti, riitta, cas, open_as, post):
    """The mail's link, the request, sending; then it is in use, and the old one may be revoked."""
    order = orders.delivered(matti, riitta)
    at = certificate_of(order).not_after - timedelta(days=30)
    services.remind_of_expiry(now=at)
    reminder = next(one for one in post(at) if one.to == ["matti@example.fi"])
    (path,) = re.findall(r"https?://[^/\s]+(/\S+/again/)\s", reminder.body)
    page = open_as(matti, path.replace("/fi/", "/en/"))
    page.get_by_role("button", name="Begin the new order").click()
    page.get_by_label("I paste the request as text").check()
    page.locator("[name=text]").fill(orders.openssl_csr().decode())
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Use this request").click()
    for box in page.locator("main input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name="Send the order").click()
    expect(page.locator("main")).to_contain_text("The order has been sent")

    renewed = Application.objects.exclude(pk=order.pk).get()
    orders.drain()
    services.claim(renewed.pk, person=riitta, **orders.Handler(riitta, renewed).seen)
    orders.drain()
    renewed.refresh_from_db()
    orders.approve(riitta, renewed)
    orders.drain()
    page = open_as(matti, f"/en/orders/{renewed.pk}/")
    revoking = page.get_by_role("link", name=f"Revoke the certificate of order {order.number}")
    expect(revoking).to_have_count(0)
    page.get_by_role("button", name="The certificate is in use").click()
    expect(revoking).to_have_count(1)
    later = at + timedelta(days=20)
    services.remind_of_expiry(now=later)
    assert not [one for one in post(later) if order.number in one.subject]


def test_a_question_asked_a_day_before_the_six_months_keeps_the_order_open_to_its_deadline(
    matti, riitta, cas, open_as, post
):
    order = orders.claimed(matti, riitta)
    Application.objects.filter(pk=order.pk).update(submitted_at=noon("2027-01-15"))
    ask_for_unit(riitta, order, date(2027, 7, 28), noon("2027-07-14"))
    for day in ("2027-07-16", "2027-07-28"):
        services.watch_incomplete(now=noon(day))
        post(noon(day))
        page = open_as(matti, f"/en/orders/{order.pk}/").locator("main")
        expect(page).to_contain_text("Kumpi yksikkö?")
        expect(page).to_contain_text("lapses if it has not been completed by 28 July 2027.")
    services.watch_incomplete(now=noon("2027-07-29"))
    post(noon("2027-07-29"))
    page = open_as(matti, f"/en/orders/{order.pk}/").locator("main")
    expect(page).to_contain_text("lapsed because it was not completed in time")


def test_an_order_is_withdrawn_and_everybody_finds_it_closed(
    matti, maija, riitta, send, open_as, post
):
    order = send(maija)
    post(clock.now())
    link = order.contact_links.get()
    page = open_as(matti, f"/en/orders/{order.pk}/")
    page.get_by_role("link", name="Withdraw the order").click()
    expect(page.locator("h1")).to_contain_text("Do you want to withdraw")
    check_both_widths(page)
    page.locator("main form button").click()
    expect(page.locator("main")).to_contain_text("The order was withdrawn.")
    expect(page.get_by_role("link", name="Withdraw the order")).to_have_count(0)
    mails = post(clock.now())
    # The contact person of the order, and whoever was to bring the certificate request.
    assert [one.to for one in mails] == [["matti@example.fi"], [link.email]]
    assert all(order.number in one.subject for one in mails)
    assert Client().get(at(link)).status_code == 410
    page = open_as(riitta, f"/en/console/{order.pk}/")
    expect(page.locator("main")).to_contain_text("Withdrawn")
    expect(page.locator("form[action$='/claim/']")).to_have_count(0)
