"""When the clock of the promise stood, and why, in words."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from applications.models import Application, InformationRequest
from certportal.foundation import clock


def told(application: Application, *, now: datetime) -> list[str]:
    """Return a sentence for each pause: from a question on, until what ended it."""
    return [_told(one, now) for one in application.requests.all()]


def _told(asked: InformationRequest, now: datetime) -> str:
    closed = clock.day(asked.closed_at) if asked.closed_at else None
    # After the term of a hearing the promise goes on by itself.
    in_vain = asked.is_hearing and asked.deadline < (closed or clock.day(now))
    ended = asked.deadline if in_vain else closed or asked.deadline
    days = {"begun": clock.day(asked.asked_at), "ended": ended, "term": asked.deadline}
    shown = {name: date_format(day, "SHORT_DATE_FORMAT") for name, day in days.items()}
    if in_vain:
        words = _("The clock stood %(begun)s–%(ended)s: the applicant was heard in vain.")
    elif asked.closed_at is None:
        words = _lasting(asked)
    else:
        words = _ended(asked)
    return words % shown


def _lasting(asked: InformationRequest) -> str:
    if asked.is_hearing:
        return _("The clock stands since %(begun)s: the applicant is heard until %(term)s.")
    if asked.reviewer_id is None:
        return _(
            "The clock stands since %(begun)s: the checks returned the order, answer by %(term)s."
        )
    return _("The clock stands since %(begun)s: information is asked for by %(term)s.")


def _ended(asked: InformationRequest) -> str:
    if asked.is_hearing and asked.cancelled:
        return _("The clock stood %(begun)s–%(ended)s: a hearing, which was taken back.")
    if asked.is_hearing:
        return _("The clock stood %(begun)s–%(ended)s: the applicant was heard.")
    if asked.reviewer_id is None:
        return _(
            "Incomplete %(begun)s–%(ended)s: the checks returned the order. The working days began"
            " anew."
        )
    if asked.cancelled:
        return _("The clock stood %(begun)s–%(ended)s: a question, which was taken back.")
    return _("The clock stood %(begun)s–%(ended)s: information was asked for.")
