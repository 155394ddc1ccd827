"""How near the promised day is, in words."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _, ngettext

from applications.models import Application
from applications.workflow import ENDED, Status, promise
from certportal.foundation import clock


@dataclass(frozen=True, slots=True)
class Due:
    """A day, its distance in at most twenty characters, and the tone of its label."""

    day: date
    label: str
    tone: str = ""


def due(application: Application, *, now: datetime) -> Due | None:
    """Return the promised day, or while the applicant must act the deadline; None once ended."""
    if application.status in ENDED:
        return None
    if application.due_on is not None:
        day = application.due_on
        days_left = promise.days_left(day, now)
        if clock.day(now) > day:
            return Due(day, _late(-days_left), "error")
        if days_left == 0:
            return Due(day, _("today"), "warning")
        text = ngettext("%(days)d working day left", "%(days)d working days left", days_left)
        return Due(day, text % {"days": days_left}, "warning" if days_left == 1 else "")
    if application.status == Status.INFO_REQUESTED:
        requests = application.requests.all()  # prefetched
        question = next((request for request in requests if request.closed_at is None), None)
        if question is None:
            return None
        if question.deadline < clock.day(now):
            return Due(question.deadline, _("no answer in time"), "warning")
        return Due(question.deadline, _("answer due"))
    return None


def _late(days: int) -> str:
    if days == 0:  # the promise ended before a weekend or holiday that is not over
        return _("late")
    text = ngettext("%(days)d working day late", "%(days)d working days late", days)
    return text % {"days": days}
