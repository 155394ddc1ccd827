"""Reminders before a certificate expires: each once, to all concerned, quiet when renewed."""

from datetime import date, timedelta

import pytest

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application, SentNotice
from applications.rules import renewal
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority


@pytest.fixture
def order(matti, riitta, cas):
    return orders.delivered(matti, riitta)


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
    last = certificate_of(order).not_after
    assert f"{last.day}.{last.month}.{last.year}" in mails["teemu@it.example"].subject
    assert "/orders/" in mails["matti@example.fi"].body
    assert "/orders/" not in mails["teemu@it.example"].body


def test_one_address_in_two_roles_gets_one_mail(order, post):
    Application.objects.filter(pk=order.pk).update(mailbox="MATTI@example.fi")
    at = before(order, 30)
    services.remind_of_expiry(now=at)
    assert [message.to for message in post(at)] == [["matti@example.fi"]]


def test_from_two_weeks_on_the_administrators_are_told_whoever_the_order_names(
    order, maija, pharmacy, post, now
):
    Application.objects.filter(pk=order.pk).update(contact_email="lahtenyt@example.fi")
    at = before(order, 30)
    services.remind_of_expiry(now=at)
    assert "matti@example.fi" not in {one.to[0] for one in post(at)}
    at = before(order, 14)
    services.remind_of_expiry(now=at)
    mails = {one.to[0]: one for one in post(at)}
    assert set(mails) == {"lahtenyt@example.fi", "tekniikka@example.fi", "matti@example.fi"}
    assert f"/orders/{order.pk}/" in mails["matti@example.fi"].body


def test_quiet_when_a_later_order_has_brought_a_new_one(order, matti, riitta):
    renew(order, matti, riitta)
    daily(order, 60, 0)
    assert sent(order) == []


def test_a_new_certificate_for_other_names_renews_nothing(order, matti, riitta):
    later = renew(order, matti, riitta)
    later.host_names.first().delete()
    services.remind_of_expiry(now=before(order, 30))
    assert sent(order) == ["30"]


def test_a_new_certificate_that_was_revoked_renews_nothing(order, matti, riitta):
    later = renew(order, matti, riitta)
    authority.revoke(
        certificate_of(later).pk, "superseded", actor=system("test"), now=before(order, 90)
    )
    services.remind_of_expiry(now=before(order, 30))
    assert sent(order) == ["30"]


def test_quiet_about_what_was_revoked_and_what_has_expired(order):
    services.remind_of_expiry(now=certificate_of(order).not_after + timedelta(seconds=1))
    authority.revoke(
        certificate_of(order).pk, "superseded", actor=system("test"), now=before(order, 90)
    )
    daily(order, 60, 0)
    assert sent(order) == []


def test_a_system_signature_is_renewed_by_the_systems_oid(matti, riitta, cas):
    first = orders.delivered(matti, riitta, "system_signature")
    later = renew(first, matti, riitta, "system_signature")
    services.remind_of_expiry(now=before(first, 60))
    assert sent(first) == []
    Application.objects.filter(pk=later.pk).update(system_oid="1.2.246.10.99000018.12.2")
    services.remind_of_expiry(now=before(first, 60))
    assert sent(first) == ["60"]


def renew(order, matti, riitta, type: str = "server") -> Application:
    """Return a delivered order like the first, whose certificate begins and ends a day later."""
    later = orders.with_csr(matti, type)
    start = {"validity_months": 12, "start": clock.day(clock.now()) + timedelta(days=1)}
    services.save_section(later.pk, "validity", start, **orders.Handler(matti, later).seen)
    orders.submit(matti, later)
    orders.drain()
    services.claim(later.pk, person=riitta, **orders.Handler(riitta, later).seen)
    orders.drain()
    later.refresh_from_db()
    orders.approve(riitta, later)
    orders.drain()
    later.refresh_from_db()
    return later


LAST = date(2027, 3, 31)


@pytest.mark.parametrize(
    ("issued", "today", "due"),
    [
        (date(2026, 4, 1), date(2027, 1, 29), None),
        (date(2026, 4, 1), date(2027, 1, 30), 60),
        (date(2026, 4, 1), date(2027, 3, 1), 30),
        (date(2026, 4, 1), date(2027, 3, 31), 1),
        (date(2027, 3, 1), date(2027, 3, 1), None),  # a month long: not on its first day
        (date(2027, 3, 1), date(2027, 3, 16), None),
        (date(2027, 3, 1), date(2027, 3, 17), 14),
    ],
)
def test_a_short_certificate_is_not_reminded_of_when_it_comes(issued, today, due):
    assert renewal.reminder_due(issued, LAST, today) == due
