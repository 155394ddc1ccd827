"""When a certificate starts and ends, and how long a prepared certificate is valid. Pure."""

from datetime import UTC, date, datetime, timedelta

from certportal.foundation import clock, working_days

PREPARATION_WORKING_DAYS = 3


def window(months: int, *, start: date | None, now: datetime) -> tuple[datetime, datetime]:
    """(notBefore, notAfter) in UTC for a validity of ``months``.

    It starts ``now``, or at 00:00 Finnish time on the day ``start`` if that is in the future. It
    ends at 23:59:59 Finnish time on the day before the corresponding day, so that it never exceeds
    the maximum, whichever way months are counted.
    """
    not_before = now.astimezone(UTC).replace(microsecond=0)
    if start is not None:
        not_before = max(not_before, clock.start_of_day(start))
    last_day = clock.add_months(clock.day(not_before), months) - timedelta(days=1)
    return not_before, clock.end_of_day(last_day)


def preparation_expires(now: datetime) -> datetime:
    """When a certificate prepared ``now`` expires: the end of the third working day after."""
    return clock.end_of_day(working_days.after(clock.day(now), PREPARATION_WORKING_DAYS))
