"""Download an order's attachments, or remove them while their part is open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.access import get_part
from applications.models import Application, Attachment
from applications.rules import hearing_documents
from applications.views.shared.entry import as_seen, order_view
from applications.views.shared.summary import part_url
from certportal.foundation.files import storing
from certportal.foundation.web.pressed import pressed_on


@order_view
@require_safe
def download(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    document = find(request, application, attachment_id)
    return storing.hand_over(document.file, document.name, document.media_type)


@order_view
@pressed_on("applications:order", "application_id")
def remove(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    document = find(request, application, attachment_id)
    services.remove_attachment(application.pk, document.pk, **as_seen(request))
    if document.kind == Attachment.Kind.ANSWER:
        return redirect("applications:answer_documents", application.pk)
    return redirect(part_url(application, document.kind))


def find(request: HttpRequest, application: Application, attachment_id: int) -> Attachment:
    """Return the order's attachment if the applicant may read it; else raise Http404."""
    readable = hearing_documents.read_by_applicant(application)
    return get_part(access.actor_of(request), readable, attachment_id)
