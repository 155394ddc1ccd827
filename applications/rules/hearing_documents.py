"""Documents on which a rejection would rest, attached by reviewers to a hearing (34 §)."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from applications.models import Application, Attachment
from certportal.foundation.errors import Refused
from certportal.foundation.text.wording import filled

MOST_DOCUMENTS = 5


class Enough(Refused):
    message = filled(
        _(
            "A hearing has at most %(most)s documents. Take one away on the case's page first, or"
            " join them in one PDF."
        ),
        most=MOST_DOCUMENTS,
    )


def unsent(*applications: Application) -> QuerySet[Attachment]:
    """Return the documents of hearings that are not sent yet; the applicant cannot read them."""
    attached = Attachment.objects.filter(application__in=applications, removed_at=None)
    return attached.filter(kind=Attachment.Kind.HEARING, request=None)


def sent(application: Application) -> QuerySet[Attachment]:
    """Return the documents sent with hearings, in the order of upload."""
    return application.attachments.filter(kind=Attachment.Kind.HEARING, request__isnull=False)


def of_applicant(application: Application) -> list[Attachment]:
    """Return the order's documents that its applicant may read, from prefetched rows."""
    return [
        document
        for document in application.attachments.all()
        if document.kind != Attachment.Kind.HEARING or document.request_id is not None
    ]


def read_by_applicant(application: Application) -> QuerySet[Attachment]:
    """Return the documents that the applicant may read and whose files are kept, by query."""
    reviewers = {"kind": Attachment.Kind.HEARING, "request": None}
    return application.attachments.exclude(file="").exclude(**reviewers)
