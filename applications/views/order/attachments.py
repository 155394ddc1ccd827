"""An order's attachments: handed over, or taken away while their part is open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from applications import services
from applications.access import get_part
from applications.models import Application, Attachment
from applications.rules import hearing_documents
from applications.views.shared.entry import as_seen, order_view
from applications.views.shared.summary import part_url
from certportal.foundation.files import storing


@order_view
@require_safe
def download(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Hand over one attachment as a file."""
    found = find(request, application, attachment_id)
    return storing.hand_over(found.file, found.name, found.media_type)


@order_view
@require_POST
def remove(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Take one attachment away and return to its part."""
    found = find(request, application, attachment_id)
    services.remove_attachment(application.pk, found.pk, **as_seen(request))
    if found.kind == Attachment.Kind.ANSWER:
        return redirect("applications:answer_documents", application.pk)
    return redirect(part_url(application, found.kind))


def find(request: HttpRequest, application: Application, attachment_id: int) -> Attachment:
    """Return the attachment of this order that the applicant reads; else Http404."""
    kept = hearing_documents.read_by_applicant(application)
    return get_part(access.actor_of(request), kept, attachment_id)
