"""What is due for many orders on one morning: one mail for each reader, which names the orders."""

from datetime import timedelta

import pytest
from django.core import mail as box
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.formats import date_format

from accounts.access import actor_for
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.mail import reminders
from applications.mail.order_matter import Matter
from applications.models import Application, SentNotice
from applications.rules.told_together import orders_told
from applications.services import collected, sent_once
from certportal.dev.builders import bulk, mails, orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.mail import html
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox, sweeper
from issuance import services as authority
from tests.applications.clocks.conftest import years_after

CLINIC = "1.2.246.10.99000085.10.0"
TIINA = orders.CONTACT["technical_email"]
DEPUTY = {"deputy_name": "Veera", "deputy_email": "veera@example.com"}
FINNISH = {"csr_by": "technical_contact", "technical_language": "fi"}
TECHNICIANS = orders.CONTACT | DEPUTY | FINNISH


def hosts(count):
    return [f"s{number}.example.fi" for number in range(count)]


@pytest.fixture
def waiting(matti, sample):
    """Three orders that wait for their requests from Tiina or Veera; their mails have gone."""
    sent = bulk.sent(matti, bulk.begun(matti, *hosts(3), **TECHNICIANS))
    orders.drain()
    box.outbox.clear()
    return sent


@pytest.fixture
def certified(matti, riitta, cas):
    """Three certificates that Matti ordered together; their mails have gone."""
    sent = bulk.sent(matti, bulk.begun(matti, *hosts(3)))
    bulk.completed(matti, sent)
    for order in sent:
        orders.finish(matti, riitta, order)
    box.outbox.clear()
    return sent


def warned_at(order):
    return order.submitted_at + timedelta(days=100)


def about(notice):
    return OutboxItem.objects.filter(payload__notice=notice)


def test_sixty_orders_of_a_county_make_a_mail_for_each_of_three_people(matti, sample, post):
    sent = bulk.sent(matti, bulk.begun(matti, *hosts(60), **TECHNICIANS))
    orders.drain()
    at = warned_at(sent[0])
    services.watch_incomplete(now=at)
    told = {one.to[0]: one for one in post(at)}
    assert sorted(told) == ["matti@example.fi", TIINA, DEPUTY["deputy_email"]]
    assert SentNotice.objects.filter(notice="lapse_warning").count() == 60
    for one in told.values():
        assert one.subject.startswith("60 tilausta raukeaa 8")
        assert one.body.count("\n* s") == 10
        assert "\n* ja 50 muuta\n" in one.body
        assert html.page(one.subject, one.body, "fi")
    own = [link.token for link in sent[0].contact_links.filter(email=TIINA)]
    assert [reverse("contact:landing", args=own) in one.body for one in told.values()] == [
        *[address == TIINA for address in told]
    ]
    assert reverse("applications:bulk_order", args=[sent[0].bulk_order_id]) in (
        told["matti@example.fi"].body
    )
    services.watch_incomplete(now=at + timedelta(hours=6))
    assert post(at + timedelta(hours=6)) == []
    later = sent[0].submitted_at + timedelta(days=200)
    services.watch_incomplete(now=later)
    assert [one.subject for one in post(later)] == ["60 tilausta on rauennut"] * 3


def test_what_was_renewed_or_revoked_meanwhile_is_left_out(certified, matti, riitta):
    """Down to one certificate, of which the mail reads as it does of one alone."""
    first, second, third = certified
    at = certificate_of(first).not_after - timedelta(days=30, hours=12)
    services.remind_of_expiry(now=at)
    assert {one.payload["recipient"] for one in about("renewals")} == {"applicant", "mailbox"}
    item = about("renewals").get(payload__recipient="applicant")
    written = mails.written(item, now=at)
    assert written.subject == "3 varmennetta vanhenee 30 päivän päästä"
    (entry,) = written.files
    assert entry.content.count(b"BEGIN:VEVENT") == 1  # all end on one day
    start = clock.day(clock.now()) + timedelta(days=1)
    renewing = bulk.sent(matti, bulk.begun(matti, first.names[0], start=start))
    bulk.completed(matti, renewing)
    orders.finish(matti, riitta, renewing[0])
    written = mails.written(item, now=at)
    assert written.subject == "2 varmennetta vanhenee 30 päivän päästä"
    assert first.number not in written.text
    actor = system("test")
    authority.revoke(certificate_of(second).pk, "superseded", actor=actor, now=at)
    written = mails.written(item, now=at)
    assert written.subject == (
        f"Varmenne vanhenee 30 päivän päästä: {third.names[0]} ({third.number})"
    )
    assert reverse("applications:again", args=[third.pk]) in written.text
    assert third.number in written.files[0].name
    authority.revoke(certificate_of(third).pk, "superseded", actor=actor, now=at)
    assert mails.written(item, now=at) is None


@pytest.mark.parametrize("kinds", [("email", "email"), ("email", "server")])
def test_email_certificates_are_renewed_each_on_its_page(matti, riitta, cas, kinds):
    first, _other = (orders.delivered(matti, riitta, kind) for kind in kinds)
    at = certificate_of(first).not_after - timedelta(days=30, hours=12)
    services.remind_of_expiry(now=at)
    for recipient in ("applicant", "mailbox"):
        written = mails.written(about("renewals").get(payload__recipient=recipient), now=at)
        assert (reverse("applications:renew_together") in written.text) == ("server" in kinds)
    own = mails.written(about("renewals").get(payload__recipient="applicant"), now=at)
    assert f"{reverse('certificates')}?state=soon" in own.text


def test_of_each_certificate_it_is_said_who_takes_care_of_it(certified, maija):
    first = certified[0]
    at = certificate_of(first).not_after - timedelta(days=30, hours=12)
    services.see_to_renewal(first.pk, actor=actor_for(maija), now=at)
    services.remind_of_expiry(now=at)
    written = mails.written(about("renewals").get(payload__recipient="applicant"), now=at)
    of_first = written.text.partition(f"({first.number})")[2].partition("\n* ")[0]
    day = date_format(clock.day(at), "DATE_FORMAT")
    assert f"\n  Uudesta varmenteesta huolehtii Maija Mallikas (ilmoitettu {day})." in of_first
    assert written.text.count("Uudesta varmenteesta huolehtii") == 1
    assert "Maija Mallikas" in html.page(written.subject, written.text, "fi")


def test_a_single_one_is_mailed_as_before(certified, post):
    first, *others = certified
    for one in others:
        authority.revoke(
            certificate_of(one).pk, "superseded", actor=system("test"), now=clock.now()
        )
    at = certificate_of(first).not_after - timedelta(days=30, hours=12)
    services.remind_of_expiry(now=at)
    assert set(about("renewal").values_list("payload__application", flat=True)) == {str(first.pk)}
    assert not about("renewals").exists()


def test_what_is_completed_or_withdrawn_meanwhile_is_not_said_to_lapse(waiting, matti, post):
    at = warned_at(waiting[0])
    services.watch_incomplete(now=at)
    bulk.completed(matti, waiting[:1])
    services.withdraw(waiting[1].pk, **orders.Handler(matti, waiting[1]).seen)
    left = {one.to[0]: one.subject for one in post(at) if "raukeaa" in one.subject}
    assert set(left) == {"matti@example.fi", TIINA, DEPUTY["deputy_email"]}
    assert all(waiting[2].number in subject for subject in left.values())


def test_old_drafts_of_a_bulk_order_lead_to_its_page(matti, sample, post):
    together = bulk.begun(matti, *hosts(3))
    at = years_after(clock.now(), 1, days=-25)
    services.watch_drafts(now=at)
    (told,) = post(at)
    assert told.subject == "3 tilausluonnosta poistetaan 25 päivän päästä"
    assert reverse("applications:bulk_order", args=[together.pk]) in told.body


def test_many_old_drafts_are_read_with_as_few_queries_as_one(matti, sample):
    drafts = bulk.begun(matti, *hosts(3)).orders.all()
    at = clock.now() + timedelta(days=340)
    services.watch_drafts(now=at)
    matters, asked = [Matter(draft, "applicant", None) for draft in drafts], []
    for some in (matters[:1], matters):
        with CaptureQueriesContext(connection) as queries:
            assert len(list(reminders.old_drafts(some, at))) == len(some)
        asked.append(len(queries))
    assert asked == [1, 1]


def test_a_late_warning_of_drafts_names_a_day_a_week_later(matti, sample, post):
    bulk.begun(matti, *hosts(2))
    at = clock.now() + timedelta(days=400)
    services.watch_drafts(now=at)
    (told,) = post(at)
    assert told.subject == "2 tilausluonnosta poistetaan 7 päivän päästä"


@pytest.mark.parametrize("of_earlier_version", [False, True])
def test_a_reader_for_two_customers_is_mailed_of_each_apart(
    waiting, kalle, post, of_earlier_version
):
    theirs = bulk.sent(kalle, bulk.begun(kalle, *hosts(3), unit=CLINIC, **TECHNICIANS))
    at = warned_at(theirs[0])
    orders.drain()
    services.watch_incomplete(now=at)
    if of_earlier_version:
        of_both, other = about("lapse_warnings").filter(payload__recipient="technical_contact")
        of_both.payload["others"] |= orders_told(other.payload)
        of_both.save(update_fields=["payload"])
        other.delete()
    told = [one.body for one in post(at) if one.to == [TIINA]]
    named = [[order.number in body for order in [*waiting, *theirs]] for body in told]
    assert sorted(named) == [[False] * 3 + [True] * 3, [True] * 3 + [False] * 3]


def test_each_language_has_its_own_mail(waiting, post):
    swedish, *finnish = waiting
    Application.objects.filter(pk=swedish.pk).update(technical_language="sv")
    at = warned_at(swedish)
    services.watch_incomplete(now=at)
    told = [one for one in post(at) if one.to == [TIINA]]
    assert len(told) == 2
    (one,) = (mail for mail in told if "förfaller" in mail.subject)
    assert swedish.number in one.subject
    (two,) = (mail for mail in told if mail.subject.startswith("2 tilausta raukeaa"))
    assert all(order.number in two.body for order in finnish)


def test_whose_contact_is_another_by_now_is_told_apart(waiting, matti, post):
    at = warned_at(waiting[0])
    services.watch_incomplete(now=at)
    new = {"technical_name": "Uusi Yhteys", "technical_email": "uusi@example.fi"}
    renamed, *others = waiting
    services.rename_contact(renamed.pk, new | DEPUTY, **orders.Handler(matti, renamed).seen)
    told = {one.to[0]: one for one in post(at) if "raukeaa" in one.subject}
    assert renamed.number in told["uusi@example.fi"].subject
    assert renamed.number not in told[TIINA].body
    assert all(order.number in told[TIINA].body for order in others)
    assert told[DEPUTY["deputy_email"]].subject.startswith("3 tilausta")


def test_an_item_is_split_once_also_by_a_worker_that_stood_still(waiting):
    at = warned_at(waiting[0])
    services.watch_incomplete(now=at)
    items = about("lapse_warnings").filter(payload__recipient="technical_contact")
    late, taken = items.get(), items.get()
    first = next(iter(orders_told(late.payload)))
    Application.objects.filter(pk=first).update(technical_language="sv")
    items.update(leased_until=at)
    taken.leased_until = at
    for item in (late, taken):
        services.keep_one_reader(item, now=at)
        assert orders_told(item.payload) == {first: "technical_contact"}
    assert items.count() == 2


def test_killed_half_way_nothing_is_lost_or_told_twice(waiting, monkeypatch, post):
    """What was stored goes out by itself; the next run tells of the rest."""
    at, counted, really = warned_at(waiting[0]), [], sent_once.once

    def once(*given, **more):
        counted.append(given)
        if len(counted) == 3:
            raise SystemExit
        return really(*given, **more)

    with monkeypatch.context() as killed:
        killed.setattr(sent_once, "once", once)
        killed.setattr(outbox, "hasten", lambda *_, **__: None)
        with pytest.raises(SystemExit):
            services.watch_incomplete(now=at)
    assert post(at) == []
    sweeper.sweep(now=at)  # as each few seconds, however long the job takes
    assert {item.due_at for item in about("lapse_warnings")} == {at + collected.SENT_WITHIN}
    first = [one for one in post(at + collected.SENT_WITHIN) if one.to == [TIINA]]
    assert [one.subject.partition(" raukeaa")[0] for one in first] == ["2 tilausta"]
    services.watch_incomplete(now=at + timedelta(days=1))
    second = [one for one in post(at + timedelta(days=1)) if one.to == [TIINA]]
    assert len(second) == 1
    numbers = [order.number for order in waiting]
    bodies = [one.subject + one.body for one in (*first, *second)]
    assert [sum(number in body for body in bodies) for number in numbers] == [1, 1, 1]
