"""The correspondence about an order, as its applicant reads it: questions, answers, additions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from applications.models import Application, InformationRequest
from applications.rules import proposed_names, sections


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the correspondence; `who` is empty for the authority."""

    title: str
    at: datetime
    who: str = ""
    text: str = ""


def thread(application: Application) -> list[Entry]:
    """Return the entries, oldest first, without an open question (shown elsewhere)."""
    entries = [*_questions(application), *_answers(application)]
    return sorted(entries, key=lambda entry: entry.at)


def _questions(application: Application) -> Iterator[Entry]:
    for request in application.requests.all():
        if request.closed_at is None:
            continue
        parts = ", ".join(str(sections.BY_ID[key].title) for key in request.fields)
        text = "\n\n".join(filter(None, [request.reason or parts, _grounds(request)]))
        yield Entry(_title(request), request.asked_at, text=text)
        if request.cancelled:
            yield Entry(_("The question was taken back"), request.closed_at)


def _title(request: InformationRequest) -> str:
    if request.is_hearing:
        return _("You were heard before a decision")
    return _("The reviewer asked") if request.reviewer_id else _("The order had to be completed")


def _grounds(hearing: InformationRequest) -> str:
    if not hearing.material:
        return ""
    names = [f"– {document.name}" for document in hearing.documents.all()]
    return "\n".join([_("The decision would rest on:"), hearing.material, *names])


def _answers(application: Application) -> Iterator[Entry]:
    """Yield the answers, each with the reply sent together with it, then other additions."""
    replies = {addition.at: addition for addition in application.additions.all()}
    confirmed = proposed_names.confirmed_at(application)
    for sent in application.submissions.all()[1:]:
        reply = replies.pop(sent.at, None)
        is_answer = sent.at != confirmed
        title = _("The answer was sent") if is_answer else _("The host names were confirmed")
        yield Entry(title, sent.at, str(sent.person), reply.text if reply else "")
    for addition in replies.values():
        title = _("Written to the reviewer")
        if proposed_names.is_about_names(addition, application):
            title = _("The host names were sent back to the technical contact")
        yield Entry(title, addition.at, str(addition.person), addition.text)
