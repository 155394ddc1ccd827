"""The records of key ceremonies: a list, and each as a sealed PDF."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts import access
from applications import services
from applications.views.shared.certificate import attachment
from certportal.foundation.files.documents import PDF
from certportal.foundation.mail.sending import File
from issuance.models import CeremonyRecord
from issuance.services.sealing import seal_in_use


@access.reviewers_read
def ceremonies(request: HttpRequest) -> HttpResponseBase:
    records = CeremonyRecord.objects.defer("text", "prepared", "pdf").order_by("-at", "-pk")
    made = set(CeremonyRecord.objects.exclude(pdf=None).values_list("pk", flat=True))
    context = {
        "rows": [{"record": record, "is_made": record.pk in made} for record in records],
        "has_seal": seal_in_use() is not None,
    }
    return render(request, "applications/console/ceremonies.html", context)


@access.reviewers_read
def paper(request: HttpRequest, record_id: int) -> HttpResponseBase:
    """Download the sealed record of a ceremony; the download is recorded."""
    record = CeremonyRecord.objects.filter(pk=record_id).exclude(pdf=None).first()
    if record is None or record.pdf is None:
        raise Http404
    services.record_list_exported("ceremony_record", **access.acting(request))
    return attachment(File(f"{record.name}.pdf", bytes(record.pdf), PDF))
