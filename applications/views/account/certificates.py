"""The certificate of an order: its facts, files and state; and the list of certificates."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts import access
from accounts.page_reading import read_once
from applications import services
from applications.access import certificates_seen, orders_seen
from applications.documents import calendar_entry, installing
from applications.documents.certificate_files import certificate_of, files
from applications.models import Application
from applications.models.revocation import reason_words
from applications.register_watch import evidence
from applications.replacement import predecessors
from applications.rules import reminders, renewal, revocation_reports
from applications.rules.renewable import ending
from applications.rules.revocation import is_proven, reasons
from applications.views.account import in_use
from applications.views.account.filters import CertificateFilter
from applications.views.account.history import certificate_history
from applications.views.account.reading import read
from applications.views.shared import spreadsheet
from applications.views.shared.certificate import attachment, plain_hash, technical
from applications.views.shared.entry import applicant_view, order_view
from applications.views.shared.not_there import no_certificate
from applications.views.shared.page import show
from applications.views.shared.rows import CertificateRow, certificate_rows, condition, left_words
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from issuance.models import Certificate

# The files of a certificate by kind.
DOWNLOADS: dict[str, Promise] = {
    "der": gettext_lazy("Certificate (DER)"),
    "pem": gettext_lazy("Certificate (PEM)"),
    "chain": gettext_lazy("Certificate and its chain (PEM)"),
    "p7b": gettext_lazy("Certificate and its chain (PKCS #7)"),
    "ca": gettext_lazy("The chain alone (PEM)"),
}
COLUMNS: spreadsheet.Columns[CertificateRow] = [
    (pgettext_lazy("certificate", "Name"), lambda row: row.name),
    (gettext_lazy("Certificate"), lambda row: row.kind),
    (gettext_lazy("Organisational unit"), lambda row: row.unit),
    (gettext_lazy("Status"), lambda row: row.condition.label),
    (
        gettext_lazy("Validity begins"),
        lambda row: spreadsheet.day(clock.day(row.certificate.not_before)),
    ),
    (gettext_lazy("Last day of validity"), lambda row: spreadsheet.day(row.ends)),
    (gettext_lazy("Serial number (hexadecimal)"), lambda row: row.certificate.serial),
    (gettext_lazy("Order number"), lambda row: row.order.number if row.order else ""),
    (gettext_lazy("Contact person"), lambda row: row.order.contact_name if row.order else ""),
    (gettext_lazy("Last change"), lambda row: spreadsheet.day(clock.day(row.changed_at))),
]


def shown(
    application: Application,
    *,
    url: Callable[[str], str] | None = None,
    printed: str = "",
    now: datetime,
) -> dict[str, Any]:
    """Return the template context about the certificate, or {} while there is none.

    `url` maps a kind of file to its URL; by default on the account. `printed` is the hash of a
    public key (hexadecimal), to be compared with the certificate's.
    """
    certificate = certificate_of(application)
    if certificate is None:
        return {}
    url = url or (lambda kind: reverse("applications:download", args=[application.pk, kind]))
    files_by_kind = files(application, certificate)
    return {
        "certificate": certificate,
        "certificate_facts": technical(certificate),
        "condition": condition(certificate, now=now),
        "expired": certificate.not_after <= now,
        "elapsed": _elapsed(certificate, now),
        "downloads": [
            {"kind": kind, "label": label, "name": files_by_kind[kind].name, "url": url(kind)}
            for kind, label in DOWNLOADS.items()
        ],
        "calendar_url": url("ics"),
        "fits_by": installing.fits(application, certificate),
        "printed": printed,
        "fits": printed == certificate.spki_sha256,
        "installed_url": reverse("applications:installed", args=[application.pk]),
        "renewing_url": reverse("applications:renewing", args=[application.pk]),
        "seen": reminders.seen(application, now=now),
        "serial_hex": certificate.serial,
        "serial_decimal": str(certificate.certificate.serial_number),
        "sha256": certificate.sha256,
        "spki_sha256": certificate.spki_sha256,
        **_ending(application, certificate, now),
    }


def _ending(application: Application, certificate: Certificate, now: datetime) -> dict[str, Any]:
    revoked = certificate.state == Certificate.State.REVOKED
    days_left = (clock.day(certificate.not_after) - clock.day(now)).days
    requests = application.revocation_requests.filter(reason=certificate.revocation_reason)
    is_to_renew = reminders.ends_soon(certificate, now) and not renewal.renewed_by(application)
    return {
        "revoked": revoked,
        "revocation_reason": reason_words(certificate.revocation_reason),
        "revocation": requests.last() if revoked else None,
        "proven": is_proven(certificate),
        "may_revoke": bool(reasons(certificate, now=now)),
        "may_see_to": is_to_renew and not any(reminders.obstacles_to_seeing(certificate, now=now)),
        "ends_soon": not revoked and is_to_renew,
        "left": left_words(days_left) if not revoked and days_left >= 0 else "",
    }


def _elapsed(certificate: Certificate, now: datetime) -> str:
    """Return the percentage of the validity period that has passed, for a drawing."""
    whole = certificate.not_after - certificate.not_before
    return f"{min(max((now - certificate.not_before) / whole, 0), 1) * 100:.1f}"


@read_once
@applicant_view
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List the certificates of the chosen organisation, filtered by the query."""
    now = clock.now()
    narrowed = _narrowed(request)
    context = narrowed.page(request)
    context["rows"] = certificate_rows(context["page"], now=now)
    # Whether they have been renewed takes six queries more: the page of renewing says that.
    context["renews_together"] = len(ending(narrowed.queryset, now=now).values("pk")[:2]) > 1
    return render(request, "applications/certificates.html", context)


@applicant_view
@require_safe
def listing_csv(request: HttpRequest) -> HttpResponseBase:
    lines = _narrowed(request).lines(certificate_rows)
    return spreadsheet.table("certificates", COLUMNS, lines)


def _narrowed(request: HttpRequest) -> CertificateFilter:
    seen = access.person_of(request), access.organisation_of(request).pk
    certificates, orders = certificates_seen(*seen), orders_seen(*seen)
    return CertificateFilter(request.GET, queryset=certificates, request=request, orders=orders)


@read_once
@order_view
@require_safe
def certificate(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the certificate of an order: its files, state and history."""
    now = clock.now()
    read(request, application, now=now)
    about = shown(application, printed=fitting(request), now=now)
    if not about:
        raise no_certificate(application)
    context = about | {
        "host_names": application.names,
        "reports": revocation_reports.reports(application),
        "register": evidence.entries(about["certificate"], now=now),
        "certificate_history": certificate_history(about["certificate"]),
        "predecessor": predecessors.predecessor(application),
        "successor": predecessors.successor(application),
        **in_use.renewed(request, application, now=now),
        "renewed_by": in_use.renewed_by(request, application),
    }
    return show(request, application, "certificate", **context)


@read_once
@order_view
@require_safe
def install(request: HttpRequest, application: Application) -> HttpResponse:
    sheet_url = reverse("applications:install_sheet", args=[application.pk])
    return show(request, application, "install", sheet_url=sheet_url, **installing_of(application))


def installing_of(
    application: Application, *, url: Callable[[str], str] | None = None
) -> dict[str, Any]:
    """Return the context of the page of instructions. Raises NotPossible without a certificate."""
    about = shown(application, url=url, now=clock.now())
    if not about:
        raise no_certificate(application)
    return about | {
        "recipes": installing.recipes(application, about["certificate"]),
        "checks": installing.check(application, about["certificate"]),
        "files": installing.names(application, about["certificate"]),
    }


def fitting(request: HttpRequest) -> str:
    """Return the hash from the query, without the prefix and colons that tools print."""
    return plain_hash(request.GET.get("hash", "").rpartition("=")[2])[:64]


@order_view
@require_safe
def download(request: HttpRequest, application: Application, kind: str) -> HttpResponse:
    return hand_over(application, kind, access.actor_of(request))


def hand_over(
    application: Application,
    kind: str,
    actor: Actor,
    *,
    record: Callable[..., None] = services.record_download,
) -> HttpResponse:
    """Return one file of the order's certificate, or its last day for a calendar.

    Raises NotPossible without a certificate, and Http404 for another kind.
    """
    certificate = certificate_of(application)
    if certificate is None:
        raise no_certificate(application)
    if kind == "ics":
        return attachment(calendar_entry.last_day(application, certificate))
    file = files(application, certificate).get(kind)
    if file is None:
        raise Http404
    record(application, kind, actor=actor, now=clock.now())
    return attachment(file)
