"""The certificate of an order: its facts, its files, and whether it is still good."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.access import orders_seen
from applications.documents import calendar_entry
from applications.documents.certificate_files import certificate_of, files
from applications.models import Application
from applications.models.revocation import reason_words
from applications.rules.revocation import is_proven, reasons
from applications.views.shared.entry import applicant_view, order_view
from applications.views.shared.rows import SOON, certificate_rows, condition
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.mail.sending import File
from certportal.foundation.web import keyset
from issuance.models import Certificate

PER_PAGE = 20
BY_ISSUE: keyset.Key = {"issued_at": datetime.fromisoformat, "id": int}


# The files of a certificate by kind.
DOWNLOADS: dict[str, Promise] = {
    "der": gettext_lazy("Certificate (DER)"),
    "pem": gettext_lazy("Certificate (PEM)"),
    "chain": gettext_lazy("Certificate and its chain (PEM)"),
    "p7b": gettext_lazy("Certificate and its chain (PKCS #7)"),
}


def shown(
    application: Application, *, url: Callable[[str], str] | None = None, now: datetime
) -> dict[str, Any]:
    """Return the certificate with its facts and files, or nothing while there is none.

    `url` gives the address of a kind of file; without it, that on the account.
    """
    certificate = certificate_of(application)
    if certificate is None:
        return {}
    url = url or (lambda kind: reverse("applications:download", args=[application.pk, kind]))
    made = files(application, certificate)
    return {
        "certificate": certificate,
        "certificate_facts": facts(certificate),
        "condition": condition(certificate, now=now),
        "expired": certificate.not_after <= now,
        "downloads": [
            {"label": label, "name": made[kind].name, "url": url(kind)}
            for kind, label in DOWNLOADS.items()
        ],
        "calendar_url": url("ics"),
        "serial_hex": certificate.serial,
        "serial_decimal": str(certificate.certificate.serial_number),
        "sha256": certificate.sha256,
        "spki_sha256": certificate.spki_sha256,
        **_ending(application, certificate, now),
    }


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
        "may_revoke": bool(reasons(certificate, now=now)),
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


@applicant_view
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List every certificate of the chosen organisation, revoked and expired ones too."""
    organisation, now = access.organisation_of(request), clock.now()
    seen = orders_seen(access.person_of(request), organisation.pk)
    found = Certificate.objects.filter(reference__in=seen.values("pk"))
    page = keyset.page_of(found, request, BY_ISSUE, most=PER_PAGE, newest=True)
    context = {
        "organisation": organisation,
        "page": page,
        "rows": certificate_rows(page, now=now),
    }
    return render(request, "applications/certificates.html", context)


@order_view
@require_safe
def download(request: HttpRequest, application: Application, kind: str) -> HttpResponse:
    """Hand over one file of the certificate."""
    return hand_over(application, kind, access.actor_of(request))


def hand_over(application: Application, kind: str, actor: Actor) -> HttpResponse:
    """Return one file of the order's certificate, or its last day for a calendar; else Http404."""
    certificate = certificate_of(application)
    if certificate is not None and kind == "ics":
        return attachment(calendar_entry.last_day(application, certificate))
    file = files(application, certificate).get(kind) if certificate else None
    if file is None:
        raise Http404
    services.record_download(application, kind, actor=actor, now=clock.now())
    return attachment(file)


def attachment(file: File) -> HttpResponse:
    """Return the file as a download that no browser takes for a page."""
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
