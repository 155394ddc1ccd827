"""The promised day: five Finnish working days from when the application is complete.

Counting begins the next day, and the promised day is the fifth working day, in Finnish time.
"""

from datetime import date, datetime, timedelta

from certportal.foundation import clock, working_days

WORKING_DAYS = 5


def due_on(complete_at: datetime, days: int = WORKING_DAYS) -> date:
    """Return the promised day of an application that becomes complete at `complete_at`.

    `days` is the number of working days; less than one counts as one.
    """
    return working_days.after(clock.day(complete_at), max(days, 1))


def resumed_on(now: datetime, left: int) -> date:
    """Return the promised day after the authority has cancelled a request for information.

    `left` are the working days that were left when the request was made (`days_left`). If none
    were left, the result is today or in the past, so that a request made on the last day or later
    does not turn a broken promise into a kept one.
    """
    on = clock.day(now)
    if left > 0:
        return working_days.after(on, left)
    while left < 0 or not working_days.is_working_day(on):
        left += working_days.is_working_day(on)
        on -= timedelta(days=1)
    return on


def days_left(due: date, now: datetime) -> int:
    """Return the number of working days after today, up to and including the promised day.

    Negative when the promised day has passed: minus the number of working days late.
    """
    today = clock.day(now)
    if today > due:
        return -working_days.between(due, today)
    return working_days.between(today, due)
