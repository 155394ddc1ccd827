"""Time: stored in UTC; days, months and deadlines are computed in Finnish time."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")
MAY_DIFFER = timedelta(seconds=30)
"""How much the clocks of two machines may differ without delay; heartbeats show what is more."""


def now() -> datetime:
    """Return the current UTC time. For views and tasks; services take it as a parameter."""
    return datetime.now(UTC)


def recently(within: timedelta, *, now: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last moment that are at most so long ago.

    One that lies further ahead than clocks may differ was written by a clock that has been set back
    since: how long ago it is nobody knows.
    """
    return now - within, now + MAY_DIFFER


def is_recent(moment: datetime, within: timedelta, *, now: datetime) -> bool:
    """Return whether the moment is one of those `recently`."""
    first, last = recently(within, now=now)
    return first <= moment <= last


def going_on(moment: datetime) -> Callable[[], datetime]:
    """Return a clock that starts at the moment and advances in real time, for long work."""
    begun = monotonic()
    return lambda: moment + timedelta(seconds=monotonic() - begun)


def day(moment: datetime) -> date:
    """Return the Finnish calendar day in which the moment falls."""
    return moment.astimezone(HELSINKI).date()


def start_of_day(on: date) -> datetime:
    """Return 00:00:00 Finnish time of the day, in UTC."""
    return datetime.combine(on, time.min, HELSINKI).astimezone(UTC)


def end_of_day(on: date) -> datetime:
    """Return 23:59:59 Finnish time of the day, in UTC."""
    return datetime.combine(on, time(23, 59, 59), HELSINKI).astimezone(UTC)


def add_months(on: date, months: int) -> date:
    """Return the date `months` later; in a shorter month, its last day."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))
