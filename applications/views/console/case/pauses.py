"""The pauses of the promise and their reasons, in words."""

from collections.abc import Container
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from applications.models import Application, InformationRequest
from certportal.foundation import clock


def sentences(application: Application, *, now: datetime) -> list[str]:
    """Return a sentence for each pause, which begins with a question."""
    answered = {submission.at for submission in application.submissions.all()}
    answered |= {addition.at for addition in application.additions.all()}
    return [_sentence(request, answered, now) for request in application.requests.all()]


def _sentence(
    request: InformationRequest, answered: Container[datetime | None], now: datetime
) -> str:
    closed = clock.day(request.closed_at) if request.closed_at else None
    # After the deadline of a hearing the promise resumes even without an answer.
    is_past = request.is_hearing and request.deadline < (closed or clock.day(now))
    ended = request.deadline if is_past else closed or request.deadline
    days = {"begun": clock.day(request.asked_at), "ended": ended, "term": request.deadline}
    shown = {name: date_format(day, "SHORT_DATE_FORMAT") for name, day in days.items()}
    if is_past and not request.cancelled:
        words = _past(request, answered)
    elif request.closed_at is None:
        words = _lasting(request)
    else:
        words = _ended(request)
    within_a_day = f"{shown['begun']}–{shown['begun']}"
    return (words % shown).replace(within_a_day, shown["begun"])


def _past(request: InformationRequest, answered: Container[datetime | None]) -> str:
    """Return the words for a hearing that was open past its deadline, and may have been answered.

    `answered` are the moments of the applicant's answers: such a request is closed at one of them.
    """
    if request.closed_at in answered:
        return _("The clock stood %(begun)s–%(ended)s: the applicant was heard and answered late.")
    return _("The clock stood %(begun)s–%(ended)s: the applicant was heard in vain.")


def _lasting(request: InformationRequest) -> str:
    if request.is_hearing:
        return _("The clock stands since %(begun)s: the applicant is heard until %(term)s.")
    if request.reviewer_id is None:
        return _(
            "The clock stands since %(begun)s: the checks returned the order, answer by %(term)s."
        )
    return _("The clock stands since %(begun)s: information is asked for by %(term)s.")


def _ended(request: InformationRequest) -> str:
    if request.is_hearing and request.cancelled:
        return _("The clock stood %(begun)s–%(ended)s: a hearing, which was taken back.")
    if request.is_hearing:
        return _("The clock stood %(begun)s–%(ended)s: the applicant was heard.")
    if request.reviewer_id is None:
        return _(
            "Incomplete %(begun)s–%(ended)s: the checks returned the order. The count of working"
            " days started again."
        )
    if request.cancelled:
        return _("The clock stood %(begun)s–%(ended)s: a question, which was taken back.")
    return _("The clock stood %(begun)s–%(ended)s: information was asked for.")
