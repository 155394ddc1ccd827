"""Pause the promise while the applicant must act, and resume it.

Each function but `words` returns the fields to save of the order.
"""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from applications.models import Application
from applications.workflow import promise
from certportal.foundation import clock, working_days


def paused(application: Application, now: datetime) -> dict[str, Any]:
    """Return the fields that pause the promise from now; empty if it is paused already."""
    if application.due_on is None:
        return {}
    left = promise.days_left(application.due_on, now)
    return {"days_left": left, "due_on": None, "was_late": application.was_late or left < 0}


def returned(application: Application, now: datetime) -> dict[str, Any]:
    """Return the fields of an order that the checks return: the promise starts with the answer."""
    return {**paused(application, now), "completed_at": None, "days_left": None}


def answered(application: Application, now: datetime) -> dict[str, Any]:
    """Return the fields that resume it on the day after the applicant's answer.

    After the deadline of a hearing it goes on since then, also if nobody has noted that yet. All
    working days start anew if the order is complete only now, as after a request by the checks.
    Call it before the question is closed.
    """
    question = application.question
    if question is not None and question.is_hearing and question.deadline < clock.day(now):
        return unanswered(application, question.deadline)
    days_left = application.days_left if application.days_left is not None else promise.WORKING_DAYS
    return _resumed(application, promise.due_on(now, days_left))


def unanswered(application: Application, deadline: date) -> dict[str, Any]:
    """Return the fields that resume it on the day after the deadline, without an answer."""
    days_left = application.days_left if application.days_left is not None else promise.WORKING_DAYS
    return _resumed(application, working_days.after(deadline, max(days_left, 1)))


def cancelled(application: Application, now: datetime) -> dict[str, Any]:
    """Return the fields that resume it after the authority has cancelled its request."""
    days_left = application.days_left
    resumed = promise.due_on(now) if days_left is None else promise.resumed_on(now, days_left)
    return _resumed(application, resumed)


def words(application: Application, *, is_heard: bool) -> str:
    """Return when the promise resumes, in a sentence of the order's page and of the request's mail.

    `is_heard`: the request is a hearing.
    """
    if application.due_on is None and application.days_left is None:
        anew = _("The promised %(days)s working days begin the day after your answer.")
        return anew % {"days": promise.WORKING_DAYS}
    if is_heard:
        return _(
            "The promised time is paused until you answer or the deadline passes, and continues"
            " the day after."
        )
    return _("The promised time is paused until you answer and continues the day after.")


def _resumed(application: Application, day: date) -> dict[str, Any]:
    """Return the fields; a promise that is not paused keeps its day."""
    return {"due_on": application.due_on or day, "days_left": None}
