"""The promise while the applicant has the turn: it stands still, and goes on.

Each function returns the fields to save of the order.
"""

from datetime import date, datetime
from typing import Any

from applications.models import Application
from applications.workflow import promise


def paused(application: Application, now: datetime) -> dict[str, Any]:
    """Return the fields by which the promise stands still from now on; it may do so already."""
    if application.due_on is None:
        return {}
    return {"days_left": promise.days_left(application.due_on, now), "due_on": None}


def answered(application: Application, now: datetime) -> dict[str, Any]:
    """Return those by which it goes on the day after the applicant's answer.

    All working days begin if the order is complete only now, as after a request by the checks.
    """
    left = application.days_left if application.days_left is not None else promise.WORKING_DAYS
    return _going_on(application, promise.due_on(now, left))


def unanswered(application: Application, deadline: date) -> dict[str, Any]:
    """Return those by which it goes on the day after the deadline, though no answer came."""
    left = application.days_left if application.days_left is not None else promise.WORKING_DAYS
    return _going_on(application, promise.after(deadline, max(left, 1)))


def cancelled(application: Application, now: datetime) -> dict[str, Any]:
    """Return those by which it goes on after the authority has taken its request back."""
    left = application.days_left
    resumed = promise.due_on(now) if left is None else promise.resumed_on(now, left)
    return _going_on(application, resumed)


def _going_on(application: Application, day: date) -> dict[str, Any]:
    """Return the fields; a promise that goes on already keeps its day."""
    return {"due_on": application.due_on or day, "days_left": None}
