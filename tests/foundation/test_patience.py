"""A run of the tests leaves nothing to the machine or the hour."""

from datetime import UTC, datetime

import pytest
from hypothesis import settings

from certportal.foundation import clock
from tests import patience


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, though nobody waits."""
    seconds: list[float] = []
    monkeypatch.setattr(patience, "pause", seconds.append)
    return seconds


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("21:58:59", []), ("21:59:30", [30.0]), ("21:59:59", [1.0]), ("22:00:00", [])],
)
def test_no_test_begins_in_the_last_minute_of_a_finnish_day(
    monkeypatch: pytest.MonkeyPatch, waited: list[float], time: str, seconds: list[float]
) -> None:
    at = datetime.fromisoformat(f"2026-11-29T{time}").replace(tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    patience.wait_for_another_day()
    assert waited == seconds


def test_an_example_may_take_as_long_as_it_takes() -> None:
    assert settings().deadline is None
