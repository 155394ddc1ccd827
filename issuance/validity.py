"""When a certificate starts and ends, and how long a preparation stands. Pure."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

HELSINKI = ZoneInfo("Europe/Helsinki")
PREPARATION_WORKING_DAYS = 3


def window(months: int, *, start: date | None, now: datetime) -> tuple[datetime, datetime]:
    """(notBefore, notAfter) in UTC for a validity of ``months``.

    It starts ``now``, or at 00:00 Finnish time on the day ``start`` if that is still ahead.
    It ends at 23:59:59 Finnish time on the day before the same day of the calendar, so that
    it never exceeds the maximum whichever way months are counted.
    """
    not_before = now.astimezone(UTC).replace(microsecond=0)
    if start is not None:
        not_before = max(not_before, midnight(start))
    last_day = add_months(not_before.astimezone(HELSINKI).date(), months) - timedelta(days=1)
    return not_before, end_of_day(last_day)


def midnight(day: date) -> datetime:
    """00:00 Finnish time on ``day``, in UTC."""
    return datetime.combine(day, time(), HELSINKI).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """23:59:59 Finnish time on ``day``, in UTC."""
    return datetime.combine(day, time(23, 59, 59), HELSINKI).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the last day of that month if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def preparation_expires(now: datetime) -> datetime:
    """The end of the third working day after ``now``: then a preparation is void."""
    day, left = now.astimezone(HELSINKI).date(), PREPARATION_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= _is_working_day(day)
    return end_of_day(day)


def _is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _finnish_holidays(day.year)


@cache
def _finnish_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FI", years=[year]))
