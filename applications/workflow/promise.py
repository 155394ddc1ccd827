"""The promised day: five Finnish working days from when the application is complete.

Working days are Monday to Friday without public holidays and the eves of Midsummer and Christmas
(act 150/1930, 5 §, and the list in the `holidays` package). Counting begins the next day, and the
promised day is the fifth working day, in Finnish time.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays

from certportal.foundation import clock

WORKING_DAYS = 5


@lru_cache(maxsize=32)
def _closed(year: int) -> frozenset[date]:
    """Return the year's days from Monday to Friday that are no working days."""
    return frozenset(
        day for day in holidays.country_holidays("FI", years=year) if day.weekday() < 5
    )


def is_working_day(on: date) -> bool:
    return on.weekday() < 5 and on not in _closed(on.year)


def working_day(on: date) -> date:
    """Return the day, or the next working day if it is none: there a term ends."""
    return on if is_working_day(on) else after(on, 1)


def after(on: date, days: int) -> date:
    """Return the `days`-th working day after the day `on`."""
    while days > 0:
        on += timedelta(days=1)
        days -= is_working_day(on)
    return on


def due_on(complete_at: datetime, days: int = WORKING_DAYS) -> date:
    """Return the promised day of an application that becomes complete at `complete_at`.

    `days` is the number of working days; less than one counts as one.
    """
    return after(clock.day(complete_at), max(days, 1))


def resumed_on(now: datetime, left: int) -> date:
    """Return the promised day after the authority has cancelled a request for information.

    `left` are the working days that were left when the request was made (`days_left`). If none
    were left, the result is today or in the past, so that a request made on the last day or later
    does not turn a broken promise into a kept one.
    """
    on = clock.day(now)
    if left > 0:
        return after(on, left)
    while left < 0 or not is_working_day(on):
        left += is_working_day(on)
        on -= timedelta(days=1)
    return on


def days_left(due: date, now: datetime) -> int:
    """Return the number of working days after today, up to and including the promised day.

    Negative when the promised day has passed: minus the number of working days late.
    """
    today = clock.day(now)
    if today > due:
        return -working_days_between(due, today)
    return working_days_between(today, due)


def working_days_between(first: date, last: date) -> int:
    """Return the number of working days after `first`, up to and including `last`, a later day.

    It takes as long for years as for days, since a list of late cases asks for each row.
    """
    closed = sum(len(_closed(year)) for year in range(first.year, last.year))
    return _passed(last) - _passed(first) - closed


def _passed(day: date) -> int:
    """Return the number of weekdays from 1.1.0001, a Monday, less those closed in the day's year.

    Both counts include the day.
    """
    weeks, days = divmod(day.toordinal(), 7)
    return 5 * weeks + min(days, 5) - sum(closed <= day for closed in _closed(day.year))
