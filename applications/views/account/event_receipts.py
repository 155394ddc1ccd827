"""Receipts of an order's events, for those who may act for its organisation.

They are downloaded singly, or all together with the certificate and its papers.
"""

from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.documents import certificate_life
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.views.account import history
from applications.views.shared.certificate import attachment
from applications.views.shared.entry import order_view
from applications.views.shared.history import MOST
from applications.views.shared.not_there import no_certificate
from applications.workflow import ApplicationEvent
from certportal.foundation.event_log.receipts import MEDIA_TYPE, SUFFIX
from certportal.foundation.mail.sending import File
from issuance import services as authority
from issuance.publication import repository


@order_view
@require_safe
def event_receipt(request: HttpRequest, application: Application, event_id: int) -> HttpResponse:
    """Download the receipt of an event of the order or of its certificate."""
    event = history.events_of(application).filter(pk=event_id).first()
    if event is None:
        raise Http404
    receipt = authority.receipts([event.pk])[event.pk]
    name = f"{application.number}-{event.pk}{SUFFIX}"
    return attachment(File(name, str(receipt).encode(), MEDIA_TYPE))


@order_view
@require_safe
def life(request: HttpRequest, application: Application) -> HttpResponse:
    """Download the certificate with its papers, its events and their receipts.

    Of the events at most `MOST`: each receipt is asked for at the signing worker, and files may be
    downloaded any number of times.
    """
    certificate, verifier = certificate_of(application), repository.log_key()
    if verifier is None:
        raise Http404
    if certificate is None:
        raise no_certificate(application)
    events = history.events_of(application)
    downloads_last = Case(When(action=ApplicationEvent.DOWNLOAD, then=1), default=0)
    numbers = list(events.order_by(downloads_last, "pk").values_list("pk", flat=True)[:MOST])
    receipts = list(authority.receipts(numbers).values())
    left_out = events.count() - len(numbers)
    file = certificate_life.life(application, certificate, receipts, verifier, left_out=left_out)
    services.record_download(application, "life", **access.acting(request))
    return attachment(file)
