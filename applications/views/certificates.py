"""The certificate of an order: its facts and its files."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from applications.delivery import certificate_of, files
from applications.models import Application
from applications.views.entry import order_view
from certportal.foundation import clock
from certportal.foundation.mail import File
from issuance.models import Certificate


def shown(application: Application, *, now: datetime) -> dict[str, Any]:
    """Return the certificate with its facts and files, or nothing while there is none."""
    certificate = certificate_of(application)
    if certificate is None:
        return {}
    return {
        "certificate": certificate,
        "certificate_facts": facts(certificate),
        "expired": certificate.not_after <= now,
        "downloads": downloads(application, certificate),
    } | numbers(certificate)


def facts(certificate: Certificate) -> list[tuple[str, str]]:
    """Return name and value of what identifies the certificate."""
    first, last = clock.day(certificate.not_before), clock.day(certificate.not_after)
    issuer = certificate.issuing_ca.certificate.subject.rfc4514_string()
    return [
        (_("Validity begins"), f"{first:%-d.%-m.%Y}"),
        (_("Last day of validity"), f"{last:%-d.%-m.%Y}"),
        (_("Holder"), certificate.certificate.subject.rfc4514_string()),
        (_("Issuer"), issuer),
    ]


def numbers(certificate: Certificate) -> dict[str, str]:
    """Return serial number and fingerprints in the forms that other systems ask for."""
    number = certificate.certificate.serial_number
    return {
        "serial_hex": f"{number:x}",
        "serial_decimal": str(number),
        "sha256": certificate.sha256,
        "spki_sha256": certificate.spki_sha256,
    }


def downloads(application: Application, certificate: Certificate) -> list[dict[str, str]]:
    """Return the files with their addresses."""
    labels = {
        "der": _("Certificate (DER)"),
        "pem": _("Certificate (PEM)"),
        "chain": _("Certificate and its chain (PEM)"),
        "p7b": _("Certificate and its chain (PKCS #7)"),
    }
    made = files(application, certificate)
    return [
        {
            "label": label,
            "name": made[kind].name,
            "url": reverse("applications:download", args=[application.pk, kind]),
        }
        for kind, label in labels.items()
    ]


@order_view
@require_safe
def download(request: HttpRequest, application: Application, kind: str) -> HttpResponse:
    """Hand over one file of the certificate."""
    certificate = certificate_of(application)
    file = files(application, certificate).get(kind) if certificate else None
    if file is None:
        raise Http404
    return attachment(file)


def attachment(file: File) -> HttpResponse:
    """Return the file as a download that no browser takes for a page."""
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
