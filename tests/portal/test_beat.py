"""Beat after the clock was put back: what is due is sent at once, and lists are made anew."""

from datetime import timedelta

import pytest
from django.conf import settings

from certportal.celery import app
from certportal.foundation import clock
from certportal.operations import health
from certportal.operations.beat import Scheduler
from certportal.wiring import BEAT_SCHEDULE
from issuance import services
from issuance.publication import repository
from issuance.services.status.freshness import late_lists

INTERVALS = {
    name for name, entry in BEAT_SCHEDULE.items() if not hasattr(entry["schedule"], "hour")
} | {"sweep"}


@pytest.fixture
def wall(monkeypatch):
    """The clock on the wall, for Celery and for us; it can be put to any time."""

    class Wall:
        # A second within a minute, in which no crontab becomes due meanwhile.
        time = clock.now().replace(second=20)

    monkeypatch.setattr("certportal.foundation.clock.now", lambda: Wall.time)
    monkeypatch.setattr(app, "now", lambda: Wall.time)
    return Wall


@pytest.fixture
def beat(wall, tmp_path, monkeypatch):
    """Start a beat on the same file of last runs; `sent` has what it sends, by name."""
    sent = []
    monkeypatch.setattr(Scheduler, "apply_entry", lambda _, entry, **__: sent.append(entry.name))

    def start():
        return Scheduler(app=app, schedule_filename=str(tmp_path / "beat-schedule"))

    yield start, sent
    health.store().delete("heartbeat:beat")


def tick(scheduler, sent):
    """Let it send all that is due, and return the names."""
    sent.clear()
    while not scheduler.tick():
        pass
    return set(sent)


def test_what_runs_at_intervals_is_due_at_once_after_the_clock_was_put_back(wall, beat):
    start, sent = beat
    scheduler = start()
    wall.time += timedelta(hours=2)
    assert tick(scheduler, sent) >= INTERVALS
    wall.time += timedelta(milliseconds=500)
    assert tick(scheduler, sent) == set()
    wall.time -= timedelta(hours=1)
    assert tick(scheduler, sent) >= INTERVALS
    wall.time += timedelta(seconds=11)
    assert tick(scheduler, sent) >= {"sweep", "heartbeat-ca"}  # and goes on in its pace
    assert "publish-crls" not in sent
    scheduler.close()


def test_a_beat_that_was_started_after_the_clock_was_put_back_waits_for_nothing(wall, beat):
    start, sent = beat
    before = start()
    wall.time += timedelta(hours=2)
    tick(before, sent)
    before.close()
    wall.time -= timedelta(hours=1)
    after = start()
    assert tick(after, sent) >= INTERVALS
    after.close()


def test_its_sign_of_life_is_of_the_new_time(wall, beat, monkeypatch):
    """A sign from before would lie in the future, and count as none."""
    start, sent = beat
    scheduler = start()
    tick(scheduler, sent)
    wall.time -= timedelta(hours=1)
    assert not health.is_alive("beat", health.read_signs())
    monkeypatch.setattr("certportal.operations.beat.HEARTBEAT_SECONDS", 0)
    tick(scheduler, sent)
    assert health.is_alive("beat", health.read_signs())
    scheduler.close()


def test_lists_dated_in_the_future_are_made_anew_by_the_run_that_beat_sends(wall, cas):
    stems = sorted(cas)
    services.publish_crls(now=clock.now())
    wall.time -= timedelta(hours=1)
    assert set(stems) <= set(late_lists(clock.now()))
    services.publish_crls(now=clock.now())
    assert set(stems).isdisjoint(late_lists(clock.now()))
    for stem in stems:
        served = repository.served_crl(stem)
        assert served is not None
        assert served.facts.this_update < clock.now()


def test_no_run_is_dropped_because_beats_clock_is_half_a_minute_behind_a_workers():
    lasting = {
        name: entry["options"]["expires"]
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
        if "expires" in entry["options"]
    }
    assert {"heartbeat-ca", "extend-event-log", "sweep"} <= set(lasting)
    assert [name for name, seconds in lasting.items() if seconds <= 30] == []
