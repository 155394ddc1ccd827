"""Five Finnish working days, whatever the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest

from applications.workflow import promise
from certportal.foundation import working_days


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("complete", "due"),
    [
        ("2026-12-21T10:00", date(2026, 12, 30)),  # over Christmas
        ("2026-06-15T10:00", date(2026, 6, 23)),  # over Midsummer Eve, Friday 19.6.
        ("2026-11-25T10:00", date(2026, 12, 2)),
        ("2026-11-28T10:00", date(2026, 12, 4)),  # complete on a Saturday
        ("2026-12-03T10:00", date(2026, 12, 10)),  # Independence Day is a Sunday
        ("2026-04-01T10:00", date(2026, 4, 10)),  # Good Friday and Easter Monday
        ("2026-12-30T10:00", date(2027, 1, 8)),  # New Year and Epiphany
    ],
)
def test_due_at_the_end_of_the_fifth_working_day(complete, due):
    assert promise.due_on(at(complete)) == due


def test_counting_begins_the_day_after_in_finnish_time():
    late_evening = at("2026-11-24T22:30")  # already the 25th in Finland
    assert promise.due_on(late_evening) == date(2026, 12, 2)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-11-25T10:00", 5),
        ("2026-12-02T10:00", 0),
        ("2026-12-03T10:00", -1),
        ("2026-12-07T10:00", -3),
        ("2026-11-29T10:00", 3),
    ],
)
def test_days_left_counts_working_days_only(now, left):
    assert promise.days_left(date(2026, 12, 2), at(now)) == left


@pytest.mark.parametrize("days", [0, 1, 4, 250, 1300])
def test_working_days_are_counted_over_years_as_one_by_one(days):
    for first in (date(2021, 12, 23), date(2022, 6, 4), date(2023, 12, 31)):
        last = working_days.after(first, days)
        assert working_days.between(first, last) == days
        assert working_days.between(first, last + timedelta(days=1)) - days in {0, 1}


def test_a_pause_keeps_the_days_that_were_left():
    asked, answered = at("2026-12-22T10:00"), at("2027-01-04T10:00")
    left = promise.days_left(promise.due_on(at("2026-12-21T10:00")), asked)
    assert left == 4
    assert promise.due_on(answered, left) == date(2027, 1, 11)


def test_a_late_case_is_due_the_next_working_day_after_its_answer():
    assert promise.due_on(at("2026-11-25T10:00"), -3) == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("left", "on", "due"),
    [
        (5, "2026-11-25T10:00", date(2026, 12, 2)),
        (0, "2026-12-02T10:00", date(2026, 12, 2)),
        (0, "2026-12-05T10:00", date(2026, 12, 4)),  # a Saturday: Friday was the last day
        (-1, "2026-12-03T10:00", date(2026, 12, 2)),
        (-3, "2026-12-07T10:00", date(2026, 12, 2)),
        (-2, "2027-01-07T10:00", date(2027, 1, 4)),  # over Epiphany
    ],
)
def test_a_question_taken_back_leaves_the_promise_where_it_was(left, on, due):
    assert promise.resumed_on(at(on), left) == due
    assert promise.days_left(due, at(on)) == left or not working_days.is_working_day(at(on).date())
