"""The page of a public key: its orders and certificates, and whether it is blocked."""

import re

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts import access
from applications.checks.wording import word_all
from applications.models import Application, Csr
from applications.rules import revocation
from applications.views.console import block_endings
from applications.views.console.blocked_keys import blocked_by, named_again
from applications.views.console.case import background
from applications.views.console.entry import looked_at
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, first, read_all
from certportal.foundation.events import Subject
from issuance.models import BlockedKey, Certificate, EndedBlock
from issuance.services.block_endings import endable

HASH = re.compile("[0-9a-f]{64}")


@access.reviewers_read
def key(request: HttpRequest, spki_sha256: str) -> HttpResponseBase:
    """Show what is known of the key with this SPKI hash; 404 if nothing is."""
    now = clock.now()
    if not HASH.fullmatch(spki_sha256):
        raise Http404
    ordered = Application.objects.filter(pk__in=csrs_of(spki_sha256).values("application"))
    csrs, keys, ended, certified, orders = read_all(
        Rows(csrs_of(spki_sha256).order_by("-uploaded_at")[:1]),
        Rows(BlockedKey.objects.filter(spki_sha256=spki_sha256)),
        Rows(
            EndedBlock.objects.filter(spki_sha256=spki_sha256).order_by("-pk"),
            *["ending", "ending__maker", "ending__closer"],
        ),
        background.issued(Certificate.objects.filter(spki_sha256=spki_sha256)),
        background.submitted(ordered),
    )
    if not (csrs or keys or ended or certified):
        raise Http404
    looked_at(request, Subject("key", spki_sha256))
    report = (csrs[0].report if csrs else None) or {}  # empty once the order is erased
    certificates = background.newest_certificates(certified, now=now)
    context = {
        "spki_sha256": spki_sha256,
        "decoded": (report.get("csr") or {}).get("key"),
        "findings": word_all(report.get("findings", [])),
        "blocked": first(blocked_by(keys)),
        "again": first(named_again(keys)),
        "endable": bool(keys) and bool(endable(keys[0].created_at, spki_sha256)),
        "endings": block_endings.about(keys[0]) if keys else (),
        "ended": blocked_by(ended),
        "orders": background.newest_orders(orders, now=now),
        "certificates": certificates,
        "revocable": [one for one, _state in certificates.rows if revocation.reasons(one, now=now)],
    }
    return render(request, "applications/console/key.html", context)


def csrs_of(spki_sha256: str) -> QuerySet[Csr]:
    """Return the requests for the key in orders that were sent."""
    return sent_csrs().filter(spki_sha256=spki_sha256)


def sent_csrs() -> QuerySet[Csr]:
    return Csr.objects.exclude(application__status=Status.DRAFT)
