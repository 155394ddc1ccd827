"""Attachments as a reviewer sees them, within the case's page or as a download, and removed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.access import get_part
from applications.models import Addition, Application, Attachment, Submission
from applications.rules import answers, fields
from applications.views.console.entry import back_to, case_view, lost
from applications.views.shared.entry import by_person, seen_version
from applications.views.shared.submissions import contents
from certportal.foundation.errors import Stale
from certportal.foundation.files import storing
from certportal.foundation.web.pressed import pressed_on

LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shown:
    """An attachment with its URLs; `replaced`: it is no longer part of the order.

    `answer`: the answer with which it was sent, if any.
    """

    attachment: Attachment
    answer: Submission | Addition | None
    file_url: str
    page_url: str
    replaced: bool

    @property
    def is_conformity(self) -> bool:
        return self.attachment.kind == Attachment.Kind.CONFORMITY

    @property
    def is_of_hearing(self) -> bool:
        """Whether it was attached to a hearing by a reviewer."""
        return self.attachment.kind == Attachment.Kind.HEARING

    @property
    def is_unsent(self) -> bool:
        """Whether it is an extract that was not sent with a hearing, so that it can be removed."""
        return self.is_of_hearing and self.attachment.request_id is None and not self.replaced


def shown(application: Application) -> list[Shown]:
    """Return the attachments that a reviewer reads, those in force first."""
    kept = [attachment for attachment in application.attachments.all() if attachment.file]
    kept.sort(key=lambda item: (item.removed_at or LATEST, item.uploaded_at), reverse=True)
    sent = answers.sent_with(application, kept)
    return [
        Shown(
            attachment,
            sent.get(attachment.pk),
            reverse("console:attachment", args=[application.pk, attachment.pk]),
            reverse("console:attachment_page", args=[application.pk, attachment.pk]),
            attachment.removed_at is not None,
        )
        for attachment in kept
        if attachment.kind != Attachment.Kind.ANSWER or attachment.pk in sent
    ]


def conformity_fields(application: Application) -> list[tuple[str, str]]:
    """Return what was sent about the certificate of conformity, to read beside the document."""
    sent = application.submission
    asked = [field for field in fields.of("conformity") if fields.Mark.APART not in field.marks]
    return contents(sent, asked) if sent else []


@case_view
@require_safe
def download(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Download an attachment, and record it."""
    attachment = _find(request, application, attachment_id)
    acting = access.acting(request)
    if attachment.kind == Attachment.Kind.HEARING:
        services.record_hearing_document_taken(attachment, **acting)
    else:
        services.record_attachment_taken(attachment, **acting)
    return storing.hand_over(attachment.file, attachment.name, attachment.media_type)


@case_view
@require_safe
def inline(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Show a copy of an attachment without active content, within the case's page."""
    attachment = _find(request, application, attachment_id)
    return storing.show(attachment.file, attachment.name)


@case_view
@pressed_on("console:case", "application_id")
def remove(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Remove an extract that was not sent with a hearing."""
    extracts = application.attachments.filter(kind=Attachment.Kind.HEARING)
    found = get_part(access.actor_of(request), extracts, attachment_id)
    seen = {"version": seen_version(request)} | by_person(request)
    try:
        services.remove_from_hearing(application.pk, found.pk, **seen)
    except Stale as refusal:
        return lost(request, application, refusal)
    return back_to(application, request, _("The extract was taken away."))


def _find(request: HttpRequest, application: Application, attachment_id: int) -> Attachment:
    """Return the attachment if reviewers may read it; else raise Http404."""
    read = answers.read_by_reviewers(application)
    return get_part(access.actor_of(request), read, attachment_id)
