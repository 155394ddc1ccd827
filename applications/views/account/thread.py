"""What was asked about an order, answered and added, as its applicant reads it afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from applications.models import Application, InformationRequest
from applications.rules import proposed_names, sections


@dataclass(frozen=True, slots=True)
class Said:
    """One thing: what it is, when, by whom (empty for the authority), and in which words."""

    title: str
    at: datetime
    who: str = ""
    text: str = ""


def thread(application: Application) -> list[Said]:
    """Return what was said, the oldest first; a question that waits stands elsewhere."""
    said = [*_questions(application), *_answers(application)]
    return sorted(said, key=lambda one: one.at)


def _questions(application: Application) -> Iterator[Said]:
    for one in application.requests.all():
        if one.closed_at is None:
            continue
        parts = ", ".join(str(sections.BY_ID[key].title) for key in one.fields)
        text = "\n\n".join(filter(None, [one.reason or parts, _rested_on(one)]))
        yield Said(_title(one), one.asked_at, text=text)
        if one.cancelled:
            yield Said(_("The question was taken back"), one.closed_at)


def _title(asked: InformationRequest) -> str:
    if asked.is_hearing:
        return _("You were heard before a decision")
    return _("The reviewer asked") if asked.reviewer_id else _("The order had to be completed")


def _rested_on(hearing: InformationRequest) -> str:
    if not hearing.material:
        return ""
    names = [f"– {one.name}" for one in hearing.documents.all()]
    return "\n".join([_("The decision would rest on:"), hearing.material, *names])


def _answers(application: Application) -> Iterator[Said]:
    """Yield the answers with the reply that was sent in the same act, then what else was added."""
    replies = {one.at: one for one in application.additions.all()}
    confirmed = proposed_names.confirmed_at(application)
    for one in application.submissions.all()[1:]:
        reply = replies.pop(one.at, None)
        is_answer = one.at != confirmed
        title = _("The answer was sent") if is_answer else _("The host names were confirmed")
        yield Said(title, one.at, str(one.person), reply.text if reply else "")
    for addition in replies.values():
        title = _("Written to the reviewer")
        if proposed_names.is_about_names(addition, application):
            title = _("The host names were sent back to the technical contact")
        yield Said(title, addition.at, str(addition.person), addition.text)
