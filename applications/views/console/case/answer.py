"""What the applicant has answered, with its documents, where the case is read and decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from applications.models import Application
from applications.views.console.case import attachments
from applications.views.console.case.attachments import Shown
from applications.views.shared import thread
from applications.views.shared.thread import Entry, Said
from applications.workflow import OPEN_CASES

OF_THE_APPLICANT = {Said.ANSWERED, Said.WRITTEN}


@dataclass(frozen=True, slots=True)
class Written:
    entry: Entry
    documents: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the applicant wrote since the last question that was answered, which is `question`.

    Without a question, it is what they wrote unasked.
    """

    question: Entry | None
    written: Sequence[Written]


def answer(
    application: Application, dialogue: Sequence[Entry], shown: Sequence[Shown]
) -> Answer | None:
    """Return the answer, from the correspondence and the attachments; None if there is none.

    A closed case has none: it is not decided any more.
    """
    if application.status not in OPEN_CASES:
        return None
    asked = [
        request.asked_at
        for request in application.requests.all()
        if request.reviewer_id and request.closed_at and not request.cancelled
    ]
    entries = [entry for entry in dialogue if not asked or entry.at >= asked[-1]]
    written = [
        Written(entry, documents)
        for entry in entries
        if entry.said in OF_THE_APPLICANT
        and ((documents := _sent_with(entry, shown)) or entry.text)
    ]
    return Answer(entries[0] if asked else None, written) if written else None


def of_case(application: Application) -> Answer | None:
    """Return the same for a page that shows neither correspondence nor attachments."""
    return answer(application, thread.for_reviewers(application), attachments.shown(application))


def _sent_with(entry: Entry, shown: Sequence[Shown]) -> list[Shown]:
    """Return the documents that came with what the applicant wrote."""
    return [one for one in shown if one.answer is not None and one.answer.at == entry.at]
