"""Beat's own table: every job exists, may run twice, and catches up after a week's stop."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab

from applications import services
from applications.models import Application, SentNotice
from applications.services.system import lapse as lapse_system
from certportal.celery import app
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from certportal.wiring import BEAT_SCHEDULE
from tests.applications.clocks.conftest import noon, waiting_for_csr

OURS = sorted(
    entry["task"] for entry in BEAT_SCHEDULE.values() if entry["task"].startswith("applications.")
)
JOBS = (
    services.watch_incomplete,
    services.watch_drafts,
    services.remind_of_expiry,
    services.greet_reviewers,
    services.raise_alarms,
    services.erase_expired,
    services.watch_register,
)


def test_every_job_has_its_place_in_beats_table():
    assert OURS == sorted(f"applications.{job.__name__}" for job in JOBS)
    app.autodiscover_tasks(force=True)
    assert {entry["task"] for entry in BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_the_mornings_mail_is_asked_for_at_half_past_seven_finnish_time():
    schedule = BEAT_SCHEDULE["greet-reviewers"]["schedule"]
    assert isinstance(schedule, crontab)
    assert {7, 8} <= set(schedule.hour)
    assert 30 in schedule.minute
    assert set(schedule.day_of_week) == {1, 2, 3, 4, 5}
    assert app.conf.timezone == "Europe/Helsinki"


@pytest.fixture
def busy(matti, riitta, cas):
    """Return a moment at which every job has something to do."""
    delivered = orders.delivered(matti, riitta)
    waiting_for_csr(matti, "2027-01-15")
    draft = orders.draft(matti)
    Application.objects.filter(pk=draft.pk).update(changed_at=noon("2026-07-15"))
    late = orders.in_review(matti)
    Application.objects.filter(pk=late.pk).update(
        due_on=clock.day(noon("2027-07-01")),
        waiting_for="register",
        waiting_since=noon("2027-07-01"),
    )
    ended = waiting_for_csr(matti, "2026-12-01")
    services.withdraw(ended.pk, **orders.Handler(matti, ended).seen)
    Application.objects.filter(pk=ended.pk).update(ended_at=noon("2025-01-01"))
    assert delivered.status == "delivered"
    return noon("2027-07-16")


def run_all(now) -> None:
    for job in JOBS:
        job(now=now)


def state() -> tuple:
    """Return what the jobs leave behind."""
    return (
        OutboxItem.objects.count(),
        Event.objects.count(),
        SentNotice.objects.count(),
        sorted(Application.objects.values_list("number", "status", "version")),
    )


def test_running_everything_again_changes_nothing(busy):
    before = state()
    run_all(busy)
    once = state()
    assert once != before
    run_all(busy)
    run_all(busy + timedelta(minutes=10))
    assert state() == once


def test_a_weeks_stop_is_caught_up_with_in_one_run(busy, matti):
    waiting = Application.objects.get(status="awaiting_csr")
    run_all(busy - timedelta(days=16))
    assert SentNotice.objects.filter(notice="lapse_warning", about=waiting.pk, key="5.5").exists()
    run_all(busy + timedelta(days=7))
    waiting.refresh_from_db()
    assert waiting.status == "lapsed"
    assert SentNotice.objects.filter(notice="draft_warning", key__endswith=":week").count() == 1
    mornings = SentNotice.objects.filter(notice="morning").values_list("key", flat=True)
    assert "2027-07-23" in mornings


def test_an_order_that_fails_keeps_no_other_from_lapsing(matti, monkeypatch):
    broken, sound = (waiting_for_csr(matti, day) for day in ("2026-07-01", "2026-07-02"))
    letting = lapse_system.lapse

    def lapse(key, **more):
        if key == broken.pk:
            raise ValueError("a row that nobody foresaw")
        letting(key, **more)

    monkeypatch.setattr(lapse_system, "lapse", lapse)
    with pytest.raises(ValueError, match="nobody foresaw"):
        services.watch_incomplete(now=noon("2027-03-01"))
    sound.refresh_from_db()
    broken.refresh_from_db()
    assert (broken.status, sound.status) == ("awaiting_csr", "lapsed")


def test_days_turn_at_midnight_in_finland_not_in_greenwich(matti):
    application = waiting_for_csr(matti, "2027-01-15")
    helsinki = datetime(2027, 7, 16, 0, 0, tzinfo=ZoneInfo("Europe/Helsinki"))
    services.watch_incomplete(now=helsinki.astimezone(UTC) - timedelta(seconds=1))
    application.refresh_from_db()
    assert application.status == "awaiting_csr"
    services.watch_incomplete(now=helsinki.astimezone(UTC))
    application.refresh_from_db()
    assert application.status == "lapsed"
