"""The desk of the chosen organisation: what needs the reader, what is under way, what expires."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Organisation
from accounts.services.organisations import join
from accounts.services.rights import documents
from applications.access import naming, orders_seen
from applications.models import Application, ContactLink
from applications.models.certificate_types import Delivery
from applications.rules import renewal
from applications.views.account.history import newest
from applications.views.shared import time_line, tracking
from applications.views.shared.entry import may_order
from applications.views.shared.rows import (
    CertificateRow,
    certificate_rows,
    ending_soon,
    order_rows,
)
from applications.views.shared.supplying import supplies
from applications.workflow import ENDED, Status
from certportal.foundation import clock
from certportal.foundation.reading import one_reading
from issuance.models import Certificate

MOST = 5
"""Lines of each part of the desk; the rest is one link away."""
LOOKED_AT = 100
"""Certificates ending soon of which it is asked whether they are renewed: four queries each."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the reader is to do: in words, where, and by which day."""

    words: str
    href: str
    by: date | None = None


@access.member_required
@require_safe
@one_reading()
def home(request: HttpRequest) -> HttpResponse:
    """Show the desk; a technical member orders nothing here."""
    person, organisation = access.person_of(request), access.organisation_of(request)
    now = clock.now()
    if not may_order(request):
        return _technical(request, organisation, now)
    seen = orders_seen(person, organisation.pk)
    context = {
        "organisation": organisation,
        "unshown": documents.unshown(person, organisation),
        "handed_in": documents.handed_in(person, organisation),
        "asking": join.unanswered(person, organisation, now=now),
        "begun": seen.exists(),
        "news": newest(seen, organisation, MOST),
        **_orders(seen, now),
        **_certificates(seen, now),
    }
    return render(request, "applications/home.html", context)


def _technical(request: HttpRequest, organisation: Organisation, now: datetime) -> HttpResponse:
    found = naming(access.person_of(request), organisation.pk).prefetch_related("host_names")
    rows = order_rows(found, now=now)
    context = {"organisation": organisation, "orders": rows, "supplies": supplies(request)}
    return render(request, "applications/home_technical.html", context)


def _orders(seen: QuerySet[Application], now: datetime) -> dict[str, Any]:
    """Return what waits for the applicant, what is under way, and how much else there is."""
    living = ContactLink.objects.filter(
        application=OuterRef("pk"), revoked_at=None, not_mine_at=None
    )
    own = Q(csr_by=Delivery.APPLICANT) | ~Exists(living)  # a link may be for the certificate only
    mine = Q(status=Status.INFO_REQUESTED) | Q(status=Status.AWAITING_CSR) & own
    filled = seen.order_by("due_on", "submitted_at").prefetch_related("host_names", "requests")
    under_way = filled.exclude(status__in=[Status.DRAFT, *ENDED])
    waiting, drafts = under_way.filter(mine), seen.filter(status=Status.DRAFT)
    return {
        "tasks": [_task(one) for one in waiting[:MOST]],
        "waiting": waiting.count(),
        "drafts": drafts.count(),
        "under_way": under_way.count(),
        "orders": [
            {"row": row, "stages": tracking.stages(row.order), "place": tracking.at(row.order)}
            for row in order_rows(under_way[:MOST], now=now)
        ],
    }


def _task(order: Application) -> Task:
    href = reverse("applications:order", args=[order.pk])
    shown = {"name": order.called, "number": order.number}
    if order.status == Status.AWAITING_CSR:
        return Task(_("Give the certificate request: %(name)s, %(number)s") % shown, href)
    asked = next((one for one in order.requests.all() if one.closed_at is None), None)
    words = _("Answer the request for information: %(name)s, %(number)s") % shown
    return Task(words, href, asked.deadline if asked else None)


def _certificates(seen: QuerySet[Application], now: datetime) -> dict[str, Any]:
    """Return the certificates in force by their end: the next to end, and all as a drawing."""
    valid = Certificate.objects.filter(Certificate.in_force(now), reference__in=seen.values("pk"))
    rows = certificate_rows(valid.order_by("not_after", "pk")[:MOST], now=now)
    wanted = _unrenewed(valid, now)
    return {
        "certificates": rows,
        "time_line": time_line.of(valid, now=now),
        "renewals": wanted[:MOST],
        "more_renewals": len(wanted) > MOST,
    }


def _unrenewed(valid: QuerySet[Certificate], now: datetime) -> list[CertificateRow]:
    """Return the first to end of those that nothing renews yet, one more than is shown."""
    ending = valid.filter(ending_soon(now)).order_by("not_after", "pk")[:LOOKED_AT]
    rows = certificate_rows(ending, now=now)
    wanted = (
        row for row in rows if row.order and not renewal.is_renewed(row.order, row.certificate)
    )
    return list(islice(wanted, MOST + 1))
