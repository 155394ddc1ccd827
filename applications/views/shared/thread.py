"""The correspondence about an order in the order of time, for its applicant and for reviewers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.models import Application, Attachment, Decision, InformationRequest
from applications.rules import answers, proposed_names, sections


class Said(StrEnum):
    HEARING = "hearing"
    ASKED = "asked"
    RETURNED = "returned"
    TAKEN_BACK = "taken_back"
    ANSWERED = "answered"
    NAMES_CONFIRMED = "names_confirmed"
    NAMES_SENT_BACK = "names_sent_back"
    WRITTEN = "written"
    APPROVED = "approved"
    REJECTED = "rejected"
    REOPENED = "reopened"


TO_APPLICANT: Mapping[Said, Promise] = {
    Said.HEARING: _("You were heard before a decision"),
    Said.ASKED: _("The reviewer asked"),
    Said.RETURNED: _("The order had to be completed"),
    Said.TAKEN_BACK: _("The question was taken back"),
    Said.ANSWERED: _("The answer was sent"),
    Said.NAMES_CONFIRMED: _("The host names were confirmed"),
    Said.NAMES_SENT_BACK: _("The host names were sent back to the technical contact"),
    Said.WRITTEN: _("Written to the reviewer"),
}
"""The titles of entries for the applicant, who reads decisions elsewhere."""
TO_REVIEWERS: Mapping[Said, Promise] = {
    **TO_APPLICANT,
    Said.HEARING: _("Hearing before a rejection"),
    Said.ASKED: _("Request for information"),
    Said.RETURNED: _("Returned by the checks"),
    Said.NAMES_SENT_BACK: _("Proposed host names sent back by the applicant"),
    Said.ANSWERED: _("Answer from the applicant"),
    Said.WRITTEN: _("Information from the applicant"),
    Said.APPROVED: _("Decision: approved"),
    Said.REJECTED: _("Decision: rejected"),
    Said.REOPENED: _("Decision: taken up again"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the correspondence; `who` is empty for the checks.

    `text` is in the language of the order; `parts`, in the reader's, are what a question without
    text opens. `by_authority`: a reviewer wrote it, or the checks. `answer_by` is the deadline of
    a question, which is open if `is_open`. `documents` were sent with the answer, where they are
    shown with it.
    """

    said: Said
    at: datetime
    who: str = ""
    text: str = ""
    parts: str = ""
    by_authority: bool = False
    answer_by: date | None = None
    is_open: bool = False
    documents: Sequence[Attachment] = ()

    @property
    def title(self) -> Promise:
        """What it is, in words for reviewers."""
        return TO_REVIEWERS[self.said]

    @property
    def title_to_applicant(self) -> Promise:
        return TO_APPLICANT[self.said]


def for_applicant(application: Application, documents: Sequence[Attachment]) -> list[Entry]:
    """Return the entries, oldest first; decisions and an open question are shown elsewhere.

    Nobody of the authority is named. `documents`: those of the order that the applicant can read.
    """
    came = {key: answer.at for key, answer in answers.sent_with(application, documents).items()}
    return [
        replace(
            entry,
            who="" if entry.by_authority else entry.who,
            documents=[one for one in documents if came.get(one.pk) == entry.at],
        )
        for entry in _in_time(*_questions(application), *_answers(application))
        if not entry.is_open
    ]


def for_reviewers(application: Application) -> list[Entry]:
    """Return all entries, oldest first."""
    return _in_time(*_questions(application), *_answers(application), *_decisions(application))


def _in_time(*entries: Entry) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.at)


def _questions(application: Application) -> Iterator[Entry]:
    for request in application.requests.all():
        yield Entry(
            _said(request),
            request.asked_at,
            who=str(request.reviewer or ""),
            text="\n\n".join(filter(None, [request.reason, _wanted(request), _grounds(request)])),
            parts="" if request.reason else _parts(request),
            by_authority=True,
            answer_by=request.deadline,
            is_open=request.closed_at is None,
        )
        if request.cancelled and request.closed_at:
            yield Entry(Said.TAKEN_BACK, request.closed_at, by_authority=True)


def _said(request: InformationRequest) -> Said:
    if request.is_hearing:
        return Said.HEARING
    return Said.ASKED if request.reviewer_id else Said.RETURNED


def _parts(request: InformationRequest) -> str:
    return ", ".join(str(sections.BY_ID[key].title) for key in request.fields)


def _wanted(request: InformationRequest) -> str:
    title = str(_("Attach these documents to your answer:"))
    return f"{title}\n{request.wanted}" if request.wanted else ""


def _grounds(hearing: InformationRequest) -> str:
    if not hearing.material:
        return ""
    names = [f"– {document.name}" for document in hearing.documents.all()]
    return "\n".join([str(_("The decision would be based on:")), hearing.material, *names])


def _answers(application: Application) -> Iterator[Entry]:
    """Yield the answers, each with the reply sent together with it, then other additions.

    A hearing can be answered in words alone, without sending the order again.
    """
    heard = [request.closed_at for request in application.requests.all() if request.is_hearing]
    replies = {addition.at: addition for addition in application.additions.all()}
    confirmed = proposed_names.confirmed_at(application)
    for sent in application.submissions.all()[1:]:
        reply = replies.pop(sent.at, None)
        said = Said.ANSWERED if sent.at != confirmed else Said.NAMES_CONFIRMED
        yield Entry(said, sent.at, str(sent.person), reply.text if reply else "")
    for addition in replies.values():
        said = Said.ANSWERED if addition.at in heard else Said.WRITTEN
        if proposed_names.is_about_names(addition, application):
            said = Said.NAMES_SENT_BACK
        yield Entry(said, addition.at, str(addition.person), addition.text)


def _decisions(application: Application) -> Iterator[Entry]:
    said = {
        Decision.Kind.APPROVED: Said.APPROVED,
        Decision.Kind.REJECTED: Said.REJECTED,
        Decision.Kind.REOPENED: Said.REOPENED,
    }
    for decision in application.decisions.all():
        kind, who = said[Decision.Kind(decision.kind)], str(decision.reviewer)
        yield Entry(kind, decision.at, who, decision.reasons, by_authority=True)
