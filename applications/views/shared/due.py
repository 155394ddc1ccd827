"""How near the promised day is, in words."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications.models import Application
from applications.workflow import ENDED, Status, promise
from certportal.foundation import clock


@dataclass(frozen=True, slots=True)
class Due:
    """A day, how near it is in at most twenty characters, and how alarming that is."""

    day: date
    label: str
    tone: str = ""


def due(application: Application, *, now: datetime) -> Due | None:
    """Return the promised day, or the applicant's deadline while the applicant has the turn.

    Nothing is due of an application that has ended.
    """
    if application.status in ENDED:
        return None
    if application.due_on is not None:
        return _promised(application.due_on, now)
    if application.status == Status.INFO_REQUESTED:
        return _awaited(application, now)
    return None


def _promised(day: date, now: datetime) -> Due:
    left = promise.days_left(day, now)
    if clock.day(now) > day:
        return Due(day, _late(-left), "error")
    if left == 0:
        return Due(day, _("today"), "warning")
    text = ngettext("%(days)d working day left", "%(days)d working days left", left)
    return Due(day, text % {"days": left}, "warning" if left == 1 else "")


def _late(days: int) -> str:
    if days == 0:  # the promise ended before a weekend or holiday that is not over
        return _("late")
    text = ngettext("%(days)d working day late", "%(days)d working days late", days)
    return text % {"days": days}


def _awaited(application: Application, now: datetime) -> Due | None:
    asked = next((one for one in application.requests.all() if one.closed_at is None), None)
    if asked is None:
        return None
    if asked.deadline < clock.day(now):
        return Due(asked.deadline, _("no answer in time"), "warning")
    return Due(asked.deadline, _("answer awaited"))
