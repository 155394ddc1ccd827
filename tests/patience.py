"""How a run of the tests leaves nothing to a busy machine or to the hour at which it begins."""

import threading
from datetime import timedelta

from hypothesis import HealthCheck, settings
from playwright.sync_api import expect

from certportal.foundation import clock

LONGEST_WAIT = 30_000
"""Milliseconds, as long as a click waits: five seconds, the default, are short."""

pause = threading.Event().wait


def have() -> None:
    """Let browsers take longer, and each example of Hypothesis as long as it takes."""
    expect.set_options(timeout=LONGEST_WAIT)
    settings.register_profile(
        "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("patient")


def wait_for_another_day() -> None:
    """Let the last minute of a Finnish day pass: many tests ask twice which day it is."""
    now = clock.now()
    left = clock.start_of_day(clock.day(now) + timedelta(days=1)) - now
    if left < timedelta(minutes=1):
        pause(left.total_seconds())
