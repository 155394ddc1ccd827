"""The promise: five Finnish working days from the moment the application is complete.

Working days are Monday to Friday without public holidays and the eves of Midsummer and Christmas
(act 150/1930, 5 §, and the list in the `holidays` package). Counting begins the next day; the
promise is due at the end of the fifth working day, Finnish time.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays

from certportal.foundation import clock

WORKING_DAYS = 5


@lru_cache(maxsize=32)
def _closed(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FI", years=year).keys())


def is_working_day(on: date) -> bool:
    """Return whether the authority works that day."""
    return on.weekday() < 5 and on not in _closed(on.year)


def after(on: date, days: int) -> date:
    """Return the day on which `days` working days have passed, counting from the day after."""
    while days > 0:
        on += timedelta(days=1)
        days -= is_working_day(on)
    return on


def due_on(complete_at: datetime, days: int = WORKING_DAYS) -> date:
    """Return the last day of the promise for an application complete at that moment."""
    return after(clock.day(complete_at), max(days, 1))


def resumed_on(now: datetime, left: int) -> date:
    """Return the last day of a promise of which so many days were left when it stood still.

    For a question that the authority takes back: one asked too late, or on the very last day,
    must not make a promise kept that was not.
    """
    on = clock.day(now)
    if left > 0:
        return after(on, left)
    while left < 0 or not is_working_day(on):
        left += is_working_day(on)
        on -= timedelta(days=1)
    return on


def days_left(due: date, now: datetime) -> int:
    """Return how many working days remain after today, up to and with the due day.

    Negative when the due day has passed: the number of working days late.
    """
    today = clock.day(now)
    if today > due:
        return -working_days_between(due, today)
    return working_days_between(today, due)


def working_days_between(first: date, last: date) -> int:
    """Return the number of working days after `first`, up to and with `last`."""
    span = (last - first).days
    return sum(is_working_day(first + timedelta(days=step)) for step in range(1, span + 1))
