"""Certificates in force whose keys are blocked: each is revoked on its order's page."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import access
from applications.views.shared.rows import CertificateRow, certificate_rows
from certportal.foundation import clock
from issuance import services as authority
from issuance.models import BlockedKey

PAGE = 25
SOURCES: dict[str, Promise] = {
    "key_compromise": _("The private key was reported or proven to be in other hands."),
    "private_key_uploaded": _("The private key was sent to the service."),
    "published": _("The key is on a list of keys that others have."),
}
"""Why a key is blocked, by `BlockedKey.reason`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A certificate, and the entry that blocks its key."""

    shown: CertificateRow
    key: BlockedKey
    source: Promise


@access.reviewer_required
@require_safe
def certificates(request: HttpRequest) -> HttpResponseBase:
    """List the certificates in force whose keys are blocked."""
    now = clock.now()
    page = Paginator(authority.blocked_in_force(now=now), PAGE).get_page(request.GET.get("page"))
    shown = certificate_rows(page, now=now)
    hashes = [row.certificate.spki_sha256 for row in shown]
    keys = BlockedKey.objects.in_bulk(hashes, field_name="spki_sha256")
    blocked = [(row, keys[row.certificate.spki_sha256]) for row in shown]
    rows = [Row(row, key, SOURCES[key.reason]) for row, key in blocked]
    context = {"rows": rows, "page_obj": page}
    return render(request, "applications/console/blocked_keys.html", context)
