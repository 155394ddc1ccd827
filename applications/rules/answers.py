"""Documents that an applicant sends along: with the order, or with the answer to a question."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from applications.errors import Changed
from applications.models import Addition, Application, Attachment, InformationRequest, Submission
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.database.related_rows import rows_of
from certportal.foundation.errors import Refused
from certportal.foundation.text.wording import filled

MOST_DOCUMENTS = 5


class Enough(Refused):
    message = filled(
        _(
            "At most %(most)s documents can be sent along. Remove one first, or join them in one"
            " PDF."
        ),
        most=MOST_DOCUMENTS,
    )


class ReplySaved(Changed):
    message = _(
        "A reply has been saved since you opened the page, perhaps by a colleague. Nothing was"
        " sent. It is below, before what you wrote."
    )


def mark_of(draft: str) -> str:
    """Return the mark by which a page tells which draft of a reply it showed; "" for none."""
    return hashlib.sha256(draft.encode()).hexdigest() if draft else ""


def joined(draft: str, text: str, seen: str) -> str:
    """Return the text, after the saved draft if the person has not seen that.

    `seen` is the mark of the draft on the page on which the text was written.
    """
    if mark_of(draft) in {"", seen} or draft in text:
        return text
    return draft if text in draft else f"{draft}\n\n{text}"


def require_seen(application: Application, text: str, seen: str) -> None:
    """Raise ReplySaved if the order's question has a draft that is not part of the text."""
    question = application.question
    if question is not None and joined(question.reply_draft, text, seen) != text:
        raise ReplySaved


def is_to_reviewer(application: Application) -> bool:
    """Return whether the order waits for the answer to a reviewer's question, not the checks'."""
    question = application.question
    return question is not None and question.reviewer_id is not None


def may_attach(application: Application) -> bool:
    """Return whether documents can be attached now: to an answer, or to a draft with host names.

    The latter show that the organisation controls the names.
    """
    return _is_for_hosts(application) or is_to_reviewer(application)


def _is_for_hosts(application: Application) -> bool:
    is_draft = application.status == Status.DRAFT
    return is_draft and bool(application.type) and application.kind.has_host_names


def sent_with(
    application: Application, documents: Iterable[Attachment]
) -> dict[int, Submission | Addition]:
    """Return the answer with which each document of the order was sent, by the document's key."""
    attached = [document for document in documents if document.kind == Attachment.Kind.ANSWER]
    if not attached:
        return {}
    latest_first = sorted(application.submissions.all(), key=lambda answer: -answer.number)
    sent: dict[int, Submission | Addition] = {
        document.pk: answer for answer in latest_first for document in _frozen_in(answer, attached)
    }
    for document, answer in _sent_in_words(application, attached):
        sent.setdefault(document.pk, answer)
    return sent


def _frozen_in(answer: Submission, documents: Sequence[Attachment]) -> Iterator[Attachment]:
    """Yield the documents whose hash the answer contains: those uploaded before it.

    If none of the same hash was, the clock of the machine that took it was ahead.
    """
    hashes = set(json.loads(answer.content).get("answer_documents", ()))
    same = [document for document in documents if document.sha256 in hashes]
    before = {document.sha256 for document in same if document.uploaded_at <= answer.at}
    for document in same:
        ahead = timedelta(0) if document.sha256 in before else clock.MAY_DIFFER
        if document.uploaded_at <= answer.at + ahead:
            yield document


def _sent_in_words(
    application: Application, documents: Sequence[Attachment]
) -> Iterator[tuple[Attachment, Addition]]:
    """Yield documents sent with a text answer to a hearing: those attached when it was sent.

    The clock of the machine that took them may have been ahead, but no later question was asked.
    """
    requests = application.requests.all()
    asked = {
        request.closed_at: _begun_at(request, requests)
        for request in requests
        if request.is_hearing and request.closed_at and not request.cancelled
    }
    for answer in application.additions.all():
        if answer.at not in asked:
            continue
        later = [request.asked_at for request in requests if request.asked_at > answer.at]
        ends = min([answer.at + clock.MAY_DIFFER, *later])
        for document in documents:
            stayed = document.removed_at is None or document.removed_at > answer.at
            if stayed and asked[answer.at] <= document.uploaded_at < ends:
                yield document, answer


def unsent(application: Application) -> list[Attachment]:
    """Return the documents that were neither sent with an answer nor removed."""
    attached = [
        document
        for document in rows_of(application, "attachments")
        if document.kind == Attachment.Kind.ANSWER and document.removed_at is None
    ]
    sent = sent_with(application, attached)
    return [document for document in attached if document.pk not in sent]


def read_by_reviewers(application: Application) -> QuerySet[Attachment]:
    """Return the documents whose files are kept, without those of an unsent answer."""
    unsent_keys = [document.pk for document in unsent(application)]
    return application.attachments.exclude(file="").exclude(pk__in=unsent_keys)


def documents(application: Application) -> QuerySet[Attachment]:
    """Return the documents that go with the draft or with the answer to the open question."""
    attached = application.attachments.filter(kind=Attachment.Kind.ANSWER, removed_at=None)
    if _is_for_hosts(application):
        return attached
    question = application.question
    if question is None:
        return attached.none()
    return attached.filter(uploaded_at__gte=_begun_at(question, application.requests.all()))


def _begun_at(question: InformationRequest, requests: Iterable[InformationRequest]) -> datetime:
    """Return since when documents for the answer could be attached.

    A hearing that replaced an unanswered request takes over those attached to the answer to it.
    """
    if not question.is_hearing:
        return question.asked_at
    replaced = (
        request.asked_at
        for request in requests
        if request.cancelled and request.closed_at == question.asked_at
    )
    return next(replaced, question.asked_at)
