from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from certportal.foundation.clock import HELSINKI, add_months
from issuance.certificate.validity import preparation_expires, window

TODAY, DECEMBER = date(2026, 11, 25), date(2026, 12, 1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "start", "months", "not_before", "not_after"),
    [
        # at once; winter to winter, winter to summer
        ("2026-11-25T08:30:15", None, 12, "2026-11-25T08:30:15", "2027-11-24T21:59:59"),
        ("2026-11-25T08:30:15", None, 6, "2026-11-25T08:30:15", "2027-05-24T20:59:59"),
        # shortly after midnight in Finland it is still yesterday in UTC
        ("2026-11-24T22:10:00", None, 12, "2026-11-24T22:10:00", "2027-11-24T21:59:59"),
        # a wished day starts at midnight in Finland
        ("2026-11-25T08:00:00", DECEMBER, 24, "2026-11-30T22:00:00", "2028-11-30T21:59:59"),
        # a wished day that has come or passed meanwhile: at once
        ("2026-11-25T08:00:00", TODAY, 12, "2026-11-25T08:00:00", "2027-11-24T21:59:59"),
        # leap day
        ("2028-02-29T10:00:00", None, 12, "2028-02-29T10:00:00", "2029-02-27T21:59:59"),
        # the night the clocks go back
        ("2026-10-25T00:30:00", None, 1, "2026-10-25T00:30:00", "2026-11-24T21:59:59"),
    ],
)
def test_window(now: str, start: date | None, months: int, not_before: str, not_after: str) -> None:
    assert window(months, start=start, now=utc(now)) == (utc(not_before), utc(not_after))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1)), st.integers(1, 24))
def test_never_over_the_maximum_and_always_to_the_end_of_a_day(now: datetime, months: int) -> None:
    not_before, not_after = window(months, start=None, now=now.replace(tzinfo=UTC))
    end = not_after.astimezone(HELSINKI)
    assert (end.hour, end.minute, end.second) == (23, 59, 59)
    assert end.date() < add_months(not_before.astimezone(HELSINKI).date(), months)
    assert not_after - not_before < timedelta(days=31 * months)


def test_month_without_that_day() -> None:
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("prepared", "expires"),
    [
        ("2026-11-25T08:00:00", "2026-11-30T21:59:59"),  # Wednesday to Monday
        ("2026-12-23T08:00:00", "2026-12-30T21:59:59"),  # over Christmas
        ("2026-12-04T08:00:00", "2026-12-09T21:59:59"),  # Independence Day is a Sunday
        ("2026-06-17T08:00:00", "2026-06-23T20:59:59"),  # over Midsummer Eve
    ],
)
def test_a_preparation_stands_three_working_days(prepared: str, expires: str) -> None:
    assert preparation_expires(utc(prepared)) == utc(expires)
