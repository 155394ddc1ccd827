"""Time: stored in UTC; days, months and deadlines are computed in Finnish time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")


def now() -> datetime:
    """Return the present moment in UTC; views and tasks ask, services take it as a parameter."""
    return datetime.now(UTC)


def going_on(moment: datetime) -> Callable[[], datetime]:
    """Return a clock that begins at the moment and goes on: for work that takes its time."""
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
    """Return the same day `months` calendar months on, or the last day of a shorter month."""
    index = on.year * 12 + on.month - 1 + months
    year, month = divmod(index, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return date(year, month + 1, min(on.day, last))
