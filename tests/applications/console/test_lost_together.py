"""A mail about several orders that does not arrive: marked on each, and corrected on each."""

from datetime import timedelta

import pytest
from django.core import mail as box
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import actor_for
from applications import services
from applications.models import Application
from applications.rules import undelivered
from applications.views.console.undelivered import row
from certportal.dev.builders import bulk, mails, orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside

CLINIC = "1.2.246.10.99000085.10.0"
TIINA = orders.CONTACT["technical_email"]
TECHNICIANS = orders.CONTACT | {"csr_by": "technical_contact"}


def hosts(count):
    return [f"s{number}.example.fi" for number in range(count)]


@pytest.fixture
def waiting(matti, sample):
    """Three orders that wait for their requests from Tiina; their mails have gone."""
    sent = bulk.sent(matti, bulk.begun(matti, *hosts(3), **TECHNICIANS))
    orders.drain()
    box.outbox.clear()
    return sent


def about(notice):
    return OutboxItem.objects.filter(payload__notice=notice)


def come_back(item):
    set_aside.came_back(item.pk, item.round, "5.1.1", actor=system("bounces"), now=clock.now())
    box.outbox.clear()
    orders.drain()


def test_a_mail_that_comes_back_is_marked_on_every_order_and_told_once(waiting, matti):
    services.watch_incomplete(now=clock.now() + timedelta(days=100))
    about("lapse_warnings").update(due_at=clock.now())
    orders.drain()
    come_back(about("lapse_warnings").get(payload__recipient="technical_contact"))
    assert [undelivered.addresses(order) for order in waiting] == [[TIINA]] * 3
    (told,) = box.outbox
    assert told.to == [matti.email]
    assert "2 muuta tilausta" in told.body


def test_the_sender_is_told_of_the_others_though_the_first_is_mended_by_then(waiting, matti):
    """Found out only when the mail is written: it may have waited."""
    services.watch_incomplete(now=clock.now() + timedelta(days=100))
    about("lapse_warnings").update(due_at=clock.now())
    orders.drain()
    come_back(about("lapse_warnings").get(payload__recipient="technical_contact"))
    item = about("undelivered").get()
    first = Application.objects.get(pk=item.payload["application"])
    new = {"technical_name": "Uusi Yhteys", "technical_email": "uusi@example.fi"}
    services.rename_contact(first.pk, new, **orders.Handler(matti, first).seen)

    told = mails.written(item)

    assert first.number not in told.subject + told.text
    assert "Sama viesti koski myös 1 muuta tilausta." in told.text
    assert TIINA in told.text


def test_each_administrator_is_told_of_the_others_too(waiting, matti, maija, pharmacy):
    """Who sent them has left, and the first is mended by then."""
    services.watch_incomplete(now=clock.now() + timedelta(days=100))
    about("lapse_warnings").update(due_at=clock.now())
    orders.drain()
    anna = people.make_member("Anna Toinen", pharmacy, role="administrator", now=clock.now())
    pharmacy.memberships.filter(person=maija).update(role="administrator")
    pharmacy.memberships.filter(person=matti).update(ended_at=clock.now())
    come_back(about("lapse_warnings").get(payload__recipient="technical_contact"))
    items = about("undelivered")
    first = Application.objects.get(pk=items[0].payload["application"])
    new = {"technical_name": "Uusi Yhteys", "technical_email": "uusi@example.fi"}
    services.rename_contact(first.pk, new, **orders.Handler(maija, first).seen)
    assert {mails.written(item).to for item in items} == {anna.email, maija.email}


@pytest.mark.parametrize("notice", ["bulk_receipt", "links_sent", "csrs_attached"])
def test_so_is_one_about_orders_sent_or_completed_together(waiting, matti, notice):
    if notice == "csrs_attached":
        bulk.completed(matti, waiting)
        orders.drain()
    item = about(notice).get()
    come_back(item)
    lost = TIINA if notice == "links_sent" else "matti@example.fi"
    assert [undelivered.addresses(order) for order in waiting] == [[lost]] * 3


def test_a_corrected_address_is_corrected_on_every_order(matti, riitta, sample, desk):
    contact = {"contact_name": "Kaisa Kontakti", "contact_email": "kiasa@example.fi"}
    sent = bulk.sent(matti, bulk.begun(matti, *hosts(3), **contact))
    orders.drain()
    come_back(about("bulk_receipt").get())
    item = about("bulk_receipt").get()
    assert "and 2 more" in desk.open("undelivered").text
    assert "and 2 more" in desk.open("undelivered_one", item.pk).text
    right, given = "kaisa@example.fi", {"actor": actor_for(riitta), "now": clock.now()}
    services.send_corrected(item.pk, right, person=riitta, **given)
    box.outbox.clear()
    orders.drain()
    (again,) = box.outbox
    assert (again.to, again.subject) == ([right], "Olemme saaneet 3 tilausta")
    for order in sent:
        order.refresh_from_db()
        assert (order.contact_email, undelivered.addresses(order)) == (right, [])


def test_none_of_another_customer_s_orders_is_corrected(matti, kalle, riitta):
    """An item of an earlier version may tell of them too, to a contact of both."""
    contact = {"contact_name": "Kaisa Kontakti", "contact_email": "kiasa@example.fi"}
    ours = bulk.sent(matti, bulk.begun(matti, *hosts(2), **contact))
    theirs = bulk.sent(kalle, bulk.begun(kalle, *hosts(2), unit=CLINIC, **contact))
    orders.drain()
    item = about("bulk_receipt").get(payload__application=str(ours[0].pk))
    item.payload["others"] |= {str(order.pk): "applicant" for order in theirs}
    item.save(update_fields=["payload"])
    come_back(item)
    right, given = "kaisa@example.fi", {"actor": actor_for(riitta), "now": clock.now()}
    services.send_corrected(item.pk, right, person=riitta, **given)
    for order in [*ours, *theirs]:
        order.refresh_from_db()
        assert order.contact_email == (right if order in ours else contact["contact_email"])


def test_each_administrator_is_told_once_of_requests_in_place_of_who_left(matti, maija, pharmacy):
    """Whichever order's file is given first."""
    contact = {"contact_name": "Maija Mallikas", "contact_email": maija.email}
    sent = bulk.sent(matti, bulk.begun(matti, *hosts(2), **contact))
    pharmacy.memberships.filter(person=maija).update(ended_at=clock.now())
    anna = people.make_member("Anna Toinen", pharmacy, role="administrator", now=clock.now())
    orders.drain()
    box.outbox.clear()
    bulk.completed(matti, sent[::-1])
    orders.drain()
    assert sorted(one.to for one in box.outbox) == sorted([[anna.email], [matti.email]])


def test_a_mail_about_many_orders_is_listed_with_as_few_queries_as_about_one(waiting):
    services.watch_incomplete(now=clock.now() + timedelta(days=100))
    item = about("lapse_warnings").get(payload__recipient="technical_contact")
    others, asked = item.payload["others"], []
    for told in ({}, {}, others):
        item.payload["others"] = told
        with CaptureQueriesContext(connection) as queries:
            assert row(item).others == len(told)
        asked.append(len(queries))
    assert asked[1] == asked[2]


def test_an_item_of_an_earlier_version_marks_the_order_that_it_names(waiting):
    item = about("links_sent").get()
    del item.payload["others"]
    item.save(update_fields=["payload"])
    come_back(item)
    assert [undelivered.addresses(order) for order in waiting] == [[TIINA], [], []]
