"""Attachments as a reviewer sees them: inside the case, or as a file."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.access import get_part
from applications.models import Addition, Application, Attachment, Submission
from applications.rules import answers
from applications.views.console.entry import case_view
from certportal.foundation.files import storing

LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shown:
    """One attachment with its addresses; `replaced` when it is no longer part of the order.

    `answer`: that with which it was sent, if it was sent with an answer.
    """

    attachment: Attachment
    answer: Submission | Addition | None
    file_url: str
    page_url: str
    replaced: bool

    @property
    def is_conformity(self) -> bool:
        """Whether it is the certificate of conformity."""
        return self.attachment.kind == Attachment.Kind.CONFORMITY

    @property
    def is_of_hearing(self) -> bool:
        """Whether a reviewer attached it to a hearing."""
        return self.attachment.kind == Attachment.Kind.HEARING


def shown(application: Application) -> list[Shown]:
    """Return the attachments that a reviewer reads, those in force first."""
    kept = [one for one in application.attachments.all() if one.file]
    kept.sort(key=lambda one: (one.removed_at or LATEST, one.uploaded_at), reverse=True)
    sent = answers.sent_with(application, kept)
    return [
        Shown(
            one,
            sent.get(one.pk),
            reverse("console:attachment", args=[application.pk, one.pk]),
            reverse("console:attachment_page", args=[application.pk, one.pk]),
            one.removed_at is not None,
        )
        for one in kept
        if one.kind != Attachment.Kind.ANSWER or one.pk in sent
    ]


@case_view
@require_safe
def download(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Hand over one attachment as a file."""
    found = _find(request, application, attachment_id)
    by = access.acting(request)
    if found.kind == Attachment.Kind.HEARING:
        services.record_hearing_document_taken(found, **by)
    else:
        services.record_attachment_taken(found, **by)
    return storing.hand_over(found.file, found.name, found.media_type)


@case_view
@require_safe
def inline(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Show a passive copy of one attachment inside the case's page."""
    found = _find(request, application, attachment_id)
    return storing.show(found.file, found.name)


def _find(request: HttpRequest, application: Application, attachment_id: int) -> Attachment:
    """Return an attachment that a reviewer reads; else Http404."""
    read = answers.read_by_reviewers(application)
    return get_part(access.actor_of(request), read, attachment_id)
