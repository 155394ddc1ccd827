"""Reminders before a certificate expires: each once, to all concerned, quiet when renewed."""

from datetime import date, timedelta

import pytest

from accounts.models import Membership
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application, SentNotice
from applications.rules import reminders, renewal
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority
from issuance.models import Certificate
from tests.applications.renewals import renew, valid_for


def before(application, days: int):
    """Return a moment so many days before the certificate's last day."""
    return certificate_of(application).not_after - timedelta(days=days, hours=12)


def daily(application, first: int, last: int) -> None:
    """Run beat's job every day between so many days before the end."""
    for days in range(first, last - 1, -1):
        services.remind_of_expiry(now=before(application, days))


def sent(application) -> list[str]:
    rows = SentNotice.objects.filter(notice="renewal", about=application.pk)
    return list(rows.order_by("sent_at").values_list("key", flat=True))


def test_each_reminder_goes_out_once(order):
    daily(order, 70, 0)
    daily(order, 3, 0)
    assert sent(order) == ["60", "30", "14", "7", "1"]


def test_after_a_weeks_stop_the_latest_goes_out(order):
    daily(order, 65, 15)
    services.remind_of_expiry(now=before(order, 7))
    assert sent(order) == ["60", "30", "7"]


def test_contact_mailbox_and_technical_contact_are_told_each_address_once(order, post):
    Application.objects.filter(pk=order.pk).update(
        technical_name="Teemu", technical_email="teemu@it.example", technical_language="sv"
    )
    at = before(order, 30)
    services.remind_of_expiry(now=at)
    mails = {message.to[0]: message for message in post(at)}
    assert set(mails) == {"matti@example.fi", "tekniikka@example.fi", "teemu@it.example"}
    assert mails["teemu@it.example"].subject == (
        f"Certifikatet går ut om 30 dagar: erecept.example.fi ({order.number})"
    )
    page_of_order = f"/orders/{order.pk}/\n"
    assert page_of_order in mails["matti@example.fi"].body
    assert page_of_order not in mails["teemu@it.example"].body


def test_one_address_in_two_roles_gets_one_mail(order, post):
    Application.objects.filter(pk=order.pk).update(mailbox="MATTI@example.fi")
    at = before(order, 30)
    services.remind_of_expiry(now=at)
    assert [message.to for message in post(at)] == [["matti@example.fi"]]


def test_who_ordered_it_is_told_whoever_the_order_names(order, post):
    Application.objects.filter(pk=order.pk).update(contact_email="lahtenyt@example.fi")
    at = before(order, 60)
    services.remind_of_expiry(now=at)
    mails = {one.to[0]: one for one in post(at)}
    assert set(mails) == {"lahtenyt@example.fi", "tekniikka@example.fi", "matti@example.fi"}
    assert f"/orders/{order.pk}/" in mails["matti@example.fi"].body


def test_from_two_weeks_on_the_administrators_are_told_as_well(order, maija, post):
    Membership.objects.filter(person=maija).update(role=Membership.Role.ADMINISTRATOR)
    at = before(order, 30)
    services.remind_of_expiry(now=at)
    assert maija.email not in {one.to[0] for one in post(at)}
    at = before(order, 14)
    services.remind_of_expiry(now=at)
    assert maija.email in {one.to[0] for one in post(at)}


def test_the_last_day_goes_along_for_calendars_in_the_readers_language(order, post):
    Application.objects.filter(pk=order.pk).update(
        technical_name="Teemu", technical_email="teemu@it.example", technical_language="sv"
    )
    at = before(order, 30)
    services.remind_of_expiry(now=at)
    entries = {one.to[0]: one.attachments[0] for one in post(at)}
    assert entries["teemu@it.example"]["Content-Type"] == 'text/calendar; charset="utf-8"'
    last = clock.day(certificate_of(order).not_after)
    for address, words in [("teemu@it.example", "går ut"), ("matti@example.fi", "vanhenee")]:
        entry = entries[address].get_payload(decode=True).decode()
        assert f"DTSTART;VALUE=DATE:{last:%Y%m%d}" in entry
        assert words in entry


def test_on_the_last_day_it_says_today_and_after_it_nothing_is_sent(order, post):
    Application.objects.filter(pk=order.pk).update(
        technical_name="Teemu", technical_email="teemu@it.example", technical_language="sv"
    )
    services.remind_of_expiry(now=before(order, 1))  # the mail server answers a day later
    last = clock.start_of_day(clock.day(certificate_of(order).not_after))
    subjects = {message.to[0]: message.subject for message in post(last)}
    assert subjects["matti@example.fi"].startswith("Varmenne vanhenee tänään: ")
    assert subjects["teemu@it.example"].startswith("Certifikatet går ut i dag: ")


def test_sent_too_late_it_is_not_sent(order, post):
    services.remind_of_expiry(now=before(order, 1))
    assert post(certificate_of(order).not_after) == []


def test_what_was_revoked_while_the_mail_waited_is_not_said_to_expire(order, post):
    at = before(order, 30)
    services.remind_of_expiry(now=at)
    actor = system("test")
    authority.revoke(certificate_of(order).pk, "superseded", actor=actor, now=at)
    assert not [one for one in post(at) if "vanhenee" in one.subject]


def test_what_was_renewed_while_the_mail_waited_is_not_said_to_expire(order, matti, riitta, post):
    at = before(order, 30)
    services.remind_of_expiry(now=at)
    renew(matti, riitta)
    assert not [one for one in post(at) if "vanhenee" in one.subject]


def test_quiet_when_a_later_order_has_brought_a_new_one(order, matti, riitta):
    renew(matti, riitta)
    daily(order, 60, 0)
    assert sent(order) == []


def test_a_new_certificate_for_other_names_renews_nothing(order, matti, riitta):
    later = renew(matti, riitta)
    later.host_names.first().delete()
    services.remind_of_expiry(now=before(order, 30))
    assert sent(order) == ["30"]


@pytest.mark.parametrize(
    ("first", "later", "due"),
    [
        ("client", "server", ["30"]),
        ("both", "server", ["30"]),
        ("client", "client", []),
        ("client", "both", []),
    ],
)
def test_a_new_certificate_for_another_purpose_renews_nothing(
    order, matti, riitta, first, later, due
):
    """With a server's certificate alone, the connections that the host itself opens would end."""
    new = renew(matti, riitta)
    for one, purpose in ((order, first), (new, later)):
        Application.objects.filter(pk=one.pk).update(purpose=purpose)
    services.remind_of_expiry(now=before(order, 30))
    assert sent(order) == due
    new.refresh_from_db()
    offered = renewal.renewed(new, certificate_of(new), now=clock.now())
    assert (order in offered) == (due == [])


def test_one_issued_again_the_same_day_makes_the_earlier_one_redundant(matti, riitta, cas):
    first, again = valid_for(matti, riitta, 12), valid_for(matti, riitta, 12)
    assert certificate_of(first).not_after == certificate_of(again).not_after
    now = clock.now()
    assert first in renewal.renewed(again, certificate_of(again), now=now)
    assert again not in renewal.renewed(first, certificate_of(first), now=now)


def test_a_new_certificate_that_was_revoked_renews_nothing(order, matti, riitta):
    later = renew(matti, riitta)
    authority.revoke(
        certificate_of(later).pk, "superseded", actor=system("test"), now=before(order, 90)
    )
    services.remind_of_expiry(now=before(order, 30))
    assert sent(order) == ["30"]


def test_quiet_about_what_was_revoked(order):
    authority.revoke(
        certificate_of(order).pk, "superseded", actor=system("test"), now=before(order, 90)
    )
    daily(order, 60, 0)
    assert sent(order) == []


def test_a_system_signature_is_renewed_by_the_systems_oid(matti, riitta, cas):
    first = orders.delivered(matti, riitta, "system_signature")
    later = renew(matti, riitta, "system_signature")
    services.remind_of_expiry(now=before(first, 60))
    assert sent(first) == []
    Application.objects.filter(pk=later.pk).update(system_oid="1.2.246.10.99000018.12.2")
    services.remind_of_expiry(now=before(first, 60))
    assert sent(first) == ["60"]


@pytest.mark.parametrize(("months", "begins_in"), [(1, 0), (1, 20), (12, 0)])
def test_mails_pages_and_services_suggest_it_from_the_same_day(
    matti, riitta, cas, months, begins_in
):
    order = valid_for(matti, riitta, months, begins_in=begins_in)
    certificate = certificate_of(order)
    life = (clock.day(certificate.not_after) - clock.day(certificate.not_before)).days
    first, suggested = min(60, life // 3), {}
    for days in range(first + 3):
        now = before(order, days)
        suggested[days] = {
            reminders.ends_soon(certificate, now),
            Certificate.objects.filter(reminders.ending_soon(now)).exists(),
            reminders.due_now(certificate, now) is not None,
            not any(reminders.obstacles_to_seeing(certificate, now=now)),
        }
    assert suggested == {days: {days <= first} for days in suggested}


LAST = date(2027, 3, 31)


@pytest.mark.parametrize(
    ("life", "days"),
    [
        (730, [60, 30, 14, 7, 1]),
        (365, [60, 30, 14, 7, 1]),
        (182, [60, 30, 14, 7, 1]),
        (90, [30, 15, 7, 3, 1]),
        (30, [10, 5, 2, 1, 1]),
        (2, [1, 1, 1, 1, 1]),
    ],
)
def test_a_short_life_is_reminded_of_by_its_share(life, days):
    assert reminders.days_before(LAST - timedelta(days=life), LAST) == days


@pytest.mark.parametrize(
    ("issued", "today", "due"),
    [
        (date(2026, 4, 1), date(2027, 1, 29), None),
        (date(2026, 4, 1), date(2027, 1, 30), 60),
        (date(2026, 4, 1), date(2027, 3, 1), 30),
        (date(2026, 4, 1), date(2027, 3, 31), 1),
        (date(2027, 3, 1), date(2027, 3, 20), None),  # a month long: not in its first days
        (date(2027, 3, 1), date(2027, 3, 21), 10),
        (date(2027, 3, 1), date(2027, 3, 26), 5),
        (date(2027, 3, 30), date(2027, 3, 30), None),
    ],
)
def test_the_latest_reminder_that_is_due(issued, today, due):
    assert reminders.reminder_due(issued, LAST, today) == due
