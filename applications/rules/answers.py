"""What goes to a reviewer with the answer to a question: a reply in words, and documents."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from applications.models import Application, Attachment
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


def documents(application: Application) -> QuerySet[Attachment]:
    """Return the documents attached to the answer to the open question; none without one."""
    question = application.question
    if question is None:
        return Attachment.objects.none()
    return application.attachments.filter(
        kind=Attachment.Kind.ANSWER, removed_at=None, uploaded_at__gte=question.asked_at
    )
