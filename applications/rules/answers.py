"""What goes to a reviewer with the answer to a question: a reply in words, and documents."""

import json
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from applications.models import Addition, Application, Attachment, Submission
from certportal.foundation.errors import Refused
from certportal.foundation.wording import filled

MOST_DOCUMENTS = 5


class Enough(Refused):
    """The answer has as many documents as it may have."""

    message = filled(
        _(
            "An answer has at most %(most)s documents. Take one away first, or join them in one"
            " PDF."
        ),
        most=MOST_DOCUMENTS,
    )


def is_to_reviewer(application: Application) -> bool:
    """Whether the order waits for the answer to a reviewer's question, not to the checks."""
    question = application.question
    return question is not None and question.reviewer_id is not None


def sent_with(
    application: Application, documents: Iterable[Attachment]
) -> dict[int, Submission | Addition]:
    """Return with which answer each of the order's documents was sent, by the document's key."""
    given = [one for one in documents if one.kind == Attachment.Kind.ANSWER]
    if not given:
        return {}
    latest_first = sorted(application.submissions.all(), key=lambda one: -one.number)
    sent: dict[int, Submission | Addition] = {
        document.pk: answer
        for answer in latest_first
        for document in given
        if document.uploaded_at <= answer.at and document.sha256 in _hashes(answer)
    }
    for document, answer in _sent_in_words(application, given):
        sent.setdefault(document.pk, answer)
    return sent


def _sent_in_words(
    application: Application, documents: Sequence[Attachment]
) -> Iterator[tuple[Attachment, Addition]]:
    """Yield what went with an answer to a hearing that is no submission: what was there then."""
    heard = application.requests.filter(is_hearing=True, cancelled=False)
    closed = {one.closed_at: one.asked_at for one in heard if one.closed_at is not None}
    for answer in application.additions.filter(at__in=closed):
        for one in documents:
            stayed = one.removed_at is None or one.removed_at > answer.at
            if stayed and closed[answer.at] <= one.uploaded_at <= answer.at:
                yield one, answer


def _hashes(answer: Submission) -> set[str]:
    return set(json.loads(answer.content).get("answer_documents", ()))


def unsent(application: Application) -> list[Attachment]:
    """Return the documents that went with no answer and were not taken away."""
    given = list(application.attachments.filter(kind=Attachment.Kind.ANSWER, removed_at=None))
    sent = sent_with(application, given)
    return [one for one in given if one.pk not in sent]


def read_by_reviewers(application: Application) -> QuerySet[Attachment]:
    """Return the documents whose files are kept, but those for an answer that was not sent."""
    waiting = [one.pk for one in unsent(application)]
    return application.attachments.exclude(file="").exclude(pk__in=waiting)


def documents(application: Application) -> QuerySet[Attachment]:
    """Return the documents attached to the answer to the open question; none without one."""
    question = application.question
    if question is None:
        return Attachment.objects.none()
    return application.attachments.filter(
        kind=Attachment.Kind.ANSWER, removed_at=None, uploaded_at__gte=question.asked_at
    )
