"""Finnish days, calendar months, and limits that are counted in the database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Tally
from certportal.foundation.web import limits, tokens


def test_a_day_begins_and_ends_in_finland():
    assert clock.start_of_day(date(2026, 7, 1)) == datetime(2026, 6, 30, 21, tzinfo=UTC)
    assert clock.end_of_day(date(2026, 12, 1)) == datetime(2026, 12, 1, 21, 59, 59, tzinfo=UTC)
    assert clock.day(datetime(2026, 12, 1, 22, 30, tzinfo=UTC)) == date(2026, 12, 2)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 11, 30), 12, date(2027, 11, 30)),
        (date(2026, 6, 10), 6, date(2026, 12, 10)),
    ],
)
def test_months_are_calendar_months(start, months, end):
    assert clock.add_months(start, months) == end


@pytest.mark.django_db
def test_a_limit_lets_so_many_through_and_then_tells_when_to_come_back():
    now = datetime(2026, 11, 25, 10, 0, 20, tzinfo=UTC)
    for _ in range(3):
        limits.spend("upload", "matti", most=3, per=timedelta(minutes=1), now=now)
    with pytest.raises(TooMany) as refused:
        limits.spend("upload", "matti", most=3, per=timedelta(minutes=1), now=now)
    assert refused.value.retry_after == 40
    limits.spend("upload", "maija", most=3, per=timedelta(minutes=1), now=now)
    later = now + timedelta(minutes=1)
    limits.spend("upload", "matti", most=3, per=timedelta(minutes=1), now=later)
    assert not Tally.objects.filter(subject__contains="matti").exists()


@pytest.mark.django_db
def test_many_subjects_are_counted_in_one_statement(django_assert_num_queries):
    now, hour = datetime(2026, 11, 25, 10, 0, 20, tzinfo=UTC), timedelta(hours=1)
    limits.spend("mail", "b@example.fi", most=2, per=hour, now=now, uses=2)
    with django_assert_num_queries(1):
        limits.spend_each("mail", ["a@example.fi", "c@example.fi"], most=2, per=hour, now=now)
    with pytest.raises(TooMany):
        limits.spend_each("mail", ["a@example.fi", "b@example.fi"], most=2, per=hour, now=now)


@pytest.mark.django_db
def test_what_a_limit_still_allows_is_the_least_of_person_and_network_address():
    now, hour = datetime(2026, 11, 25, 10, 0, 20, tzinfo=UTC), timedelta(hours=1)
    most: dict[str, Any] = {"most": 5, "most_from": 8, "per": hour, "now": now}
    matti, maija, far = [
        Actor("person", name, address)
        for name, address in (("matti", "192.0.2.1"), ("maija", "192.0.2.1"), ("matti", ""))
    ]
    limits.spend_by("mail", matti, **most, uses=3)
    assert limits.left_by("mail", matti, **most) == (2, 59 * 60 + 40)
    limits.spend_by("mail", maija, **most, uses=4)
    assert limits.left_by("mail", matti, **most)[0] == 1
    assert limits.left_by("mail", far, **most)[0] == 2
    with pytest.raises(TooMany):
        limits.spend_by("mail", matti, **most, uses=2)
    assert limits.left_by("mail", matti, **most)[0] == 0
    assert limits.left_by("mail", matti, **most | {"now": now + hour})[0] == 5


@pytest.mark.django_db
def test_of_several_subjects_the_one_who_used_most_says_how_much_is_left():
    now, hour = datetime(2026, 11, 25, 10, 0, 20, tzinfo=UTC), timedelta(hours=1)
    limit: dict[str, Any] = {"most": 3, "per": hour, "now": now}
    limits.spend("mail", "matti@example.fi", **limit, uses=2)
    both = ["maija@example.fi", "matti@example.fi"]
    assert [limits.left_of("mail", some, **limit) for some in (both[:1], both)] == [3, 1]
    assert limits.left_of("other", both, **limit) == 3
    assert limits.left_of("mail", both, **limit | {"now": now + hour}) == 3


def test_tokens_are_long_different_and_kept_as_hashes():
    first, second = tokens.new(), tokens.new()
    assert first != second
    assert len(first) >= 43
    assert tokens.digest(first) != first
    assert len(tokens.digest(first)) == 64
