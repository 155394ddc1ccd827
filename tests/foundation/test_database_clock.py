"""A clock that differs from the database's is logged when that begins, changes and ends."""

from datetime import timedelta

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from certportal.foundation.database import database_clock

MINUTE = timedelta(minutes=1)


@pytest.fixture
def logged(db, monkeypatch):
    """Return a function that compares the clocks at each difference, and gives what was logged."""
    monkeypatch.setattr(database_clock, "_told", {})

    def logged(*differences):
        with capture_logs() as lines:
            for each in differences:
                monkeypatch.setattr(database_clock, "machine_time", lambda by=each: _now(by))
                try:
                    database_clock.require_agreement()
                except database_clock.ClockDiffers:
                    assert each
        return [(line["event"], line.get("ahead_by_seconds")) for line in lines]

    return logged


def _now(difference):
    return timezone.now() + difference


def test_a_difference_that_stays_is_logged_once(logged):
    assert logged(5 * MINUTE, 5 * MINUTE, 5 * MINUTE) == [("clock_differs", 300)]
    assert logged(5 * MINUTE) == []


def test_another_difference_and_the_end_are_logged(logged):
    found = logged(5 * MINUTE, -5 * MINUTE, 0 * MINUTE, 0 * MINUTE, 5 * MINUTE)
    again = ("clock_agrees_again", None)
    assert found == [
        *(("clock_differs", 300), ("clock_differs", -300)),
        *(again, ("clock_differs", 300)),
    ]
