"""The certificate of an order: its facts, its files, and whether it is still good."""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from applications import calendar
from applications.changes import resting
from applications.delivery import certificate_of, files, orders_of
from applications.kinds import CertificateType
from applications.models import Application
from applications.revocations import is_proven, is_revocable, reason_words
from applications.views.entry import applicant_view, order_view
from applications.views.rows import SOON, certificate_rows, condition
from certportal.foundation import clock
from certportal.foundation.mail import File
from issuance.models import Certificate

PER_PAGE = 20


def shown(application: Application, *, now: datetime) -> dict[str, Any]:
    """Return the certificate with its facts and files, or nothing while there is none."""
    certificate = certificate_of(application)
    if certificate is None:
        return {}
    return {
        "certificate": certificate,
        "certificate_facts": facts(certificate),
        "condition": condition(certificate, now=now),
        "expired": certificate.not_after <= now,
        "downloads": downloads(application, certificate),
        "calendar_url": reverse("applications:download", args=[application.pk, "ics"]),
        **_ending(application, certificate, now),
    } | numbers(certificate)


def _ending(application: Application, certificate: Certificate, now: datetime) -> dict[str, Any]:
    """Return what tells of its end: revoked and why, or expiring soon."""
    revoked = certificate.state == Certificate.State.REVOKED
    left = (clock.day(certificate.not_after) - clock.day(now)).days
    asked = application.revocation_requests.filter(reason=certificate.revocation_reason)
    return {
        "revoked": revoked,
        "revocation_reason": reason_words(certificate.revocation_reason),
        "revocation": asked.last(),
        "proven": is_proven(certificate),
        "may_revoke": is_revocable(certificate, now=now),
        "ends_soon": not revoked and 0 <= left < SOON,
    }


def facts(certificate: Certificate) -> list[tuple[str, str]]:
    """Return name and value of what identifies the certificate."""
    first, last = clock.day(certificate.not_before), clock.day(certificate.not_after)
    issuer = certificate.issuing_ca.certificate.subject.rfc4514_string()
    return [
        (_("Validity begins"), date_format(first, "SHORT_DATE_FORMAT")),
        (_("Last day of validity"), date_format(last, "SHORT_DATE_FORMAT")),
        (_("Holder"), certificate.certificate.subject.rfc4514_string()),
        (_("Issuer"), issuer),
    ]


def numbers(certificate: Certificate) -> dict[str, str]:
    """Return serial number and fingerprints in the forms that other systems ask for."""
    return {
        "serial_hex": certificate.serial,
        "serial_decimal": str(certificate.certificate.serial_number),
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


@applicant_view
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List every certificate of the chosen organisation, revoked and expired ones too."""
    organisation, now = access.organisation_of(request), clock.now()
    found = Certificate.objects.filter(reference__in=orders_of(organisation))
    found = found.order_by("-issued_at", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation,
        "page_obj": page,
        "rows": certificate_rows(page, now=now),
    }
    return render(request, "applications/certificates.html", context)


@order_view
@require_safe
def certificate(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the certificate of the order."""
    context = shown(application, now=clock.now())
    if not context:
        raise Http404
    kind = CertificateType(application.type)
    context |= {"application": application, "type": kind, "is_test": kind.is_test}
    context["register"] = resting.entries(context["certificate"], now=clock.now())
    return render(request, "applications/certificate.html", context)


@order_view
@require_safe
def download(request: HttpRequest, application: Application, kind: str) -> HttpResponse:
    """Hand over one file of the certificate."""
    return hand_over(application, kind)


def hand_over(application: Application, kind: str) -> HttpResponse:
    """Return one file of the order's certificate, or its last day for a calendar; else Http404."""
    certificate = certificate_of(application)
    if certificate is not None and kind == "ics":
        return attachment(calendar.last_day(application, certificate))
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
