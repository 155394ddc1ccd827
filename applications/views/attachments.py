"""An order's attachments: handed over, or taken away while their part is open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from applications import services
from applications.access import get_part
from applications.models import Application, Attachment
from applications.views.entry import acting, order_view, seen_version
from applications.views.summary import part_url


@order_view
@require_safe
def download(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Hand over one attachment as a file."""
    return response(find(request, application, attachment_id), as_file=True)


@order_view
@require_POST
def remove(request: HttpRequest, application: Application, attachment_id: int) -> HttpResponse:
    """Take one attachment away and return to its part."""
    found = find(request, application, attachment_id)
    services.remove_attachment(
        application.pk, found.pk, version=seen_version(request), **acting(request)
    )
    return redirect(part_url(application, found.kind))


def find(request: HttpRequest, application: Application, attachment_id: int) -> Attachment:
    """Return the attachment of this order whose file is still kept; else Http404."""
    kept = application.attachments.exclude(file="")
    return get_part(access.actor_of(request), kept, attachment_id)


def response(attachment: Attachment, *, as_file: bool) -> HttpResponse:
    """Return the bytes under their checked type; the browser may neither guess nor run them."""
    with attachment.file.open() as file:
        answer = HttpResponse(file.read(), content_type=attachment.media_type)
    disposition = content_disposition_header(as_file, attachment.name)
    answer["Content-Disposition"] = disposition or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return answer
