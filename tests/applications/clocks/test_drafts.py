"""Drafts nobody touches are removed after a year, warned a month and a week before."""

from datetime import timedelta

import pytest

from applications import services
from applications.models import Application, SentNotice
from certportal.dev.builders import orders
from certportal.foundation.models import Event
from tests.applications.clocks.conftest import noon


@pytest.fixture
def old(matti):
    draft = orders.with_csr(matti)
    touched(draft, "2027-01-15")
    return draft


def touched(draft, day: str) -> None:
    Application.objects.filter(pk=draft.pk).update(changed_at=noon(day))


def daily(first: str, last: str) -> None:
    day = noon(first)
    while day <= noon(last):
        services.watch_drafts(now=day)
        day += timedelta(days=1)


def keys(draft) -> list[str]:
    rows = SentNotice.objects.filter(about=draft.pk).order_by("sent_at")
    return [f"{row.sent_at:%Y-%m-%d} {row.key.split(':')[1]}" for row in rows]


def test_it_is_warned_of_a_month_and_a_week_before_and_then_removed(old):
    daily("2027-11-01", "2028-01-14")
    assert keys(old) == ["2027-12-15 month", "2028-01-08 week"]
    assert Application.objects.filter(pk=old.pk).exists()
    services.watch_drafts(now=noon("2028-01-15"))
    assert not Application.objects.filter(pk=old.pk).exists()
    event = Event.objects.get(action="application.discard", object_id=str(old.pk))
    assert event.actor == "system:clock"


def test_the_warning_names_the_day(old, post):
    services.watch_drafts(now=noon("2027-12-15"))
    (message,) = post(noon("2027-12-15"))
    assert message.to == ["matti@example.fi"]
    assert message.subject.startswith("Tilausluonnos poistetaan 31 päivän päästä: ")
    assert "15.1.2028" in message.body


def test_a_change_begins_a_new_year(old):
    daily("2027-12-01", "2028-01-10")
    touched(old, "2028-01-10")
    daily("2028-01-10", "2028-12-09")
    assert Application.objects.filter(pk=old.pk).exists()
    services.watch_drafts(now=noon("2028-12-10"))
    assert keys(old)[-1] == "2028-12-10 month"


def test_none_is_removed_unwarned_however_long_beat_stood_still(old):
    services.watch_drafts(now=noon("2028-03-01"))
    assert keys(old) == ["2028-03-01 week"]
    daily("2028-03-02", "2028-03-07")
    assert Application.objects.filter(pk=old.pk).exists()
    services.watch_drafts(now=noon("2028-03-08"))
    assert not Application.objects.filter(pk=old.pk).exists()


def test_a_late_warning_names_the_day_a_week_later(old, post):
    services.watch_drafts(now=noon("2028-03-01"))
    (message,) = post(noon("2028-03-03"))
    assert message.subject.startswith("Tilausluonnos poistetaan 5 päivän päästä: ")
    assert "Se poistetaan 8.3.2028" in message.body


def test_the_warning_of_a_draft_that_is_gone_is_dropped(old, matti, post):
    services.watch_drafts(now=noon("2027-12-15"))
    services.discard(old.pk, **orders.Handler(matti, old).seen)
    assert post(noon("2027-12-15")) == []


def test_sent_orders_are_no_drafts(matti):
    sent = orders.submitted(matti)
    touched(sent, "2027-01-15")
    services.watch_drafts(now=noon("2028-02-01"))
    assert Application.objects.filter(pk=sent.pk).exists()
    assert keys(sent) == []
