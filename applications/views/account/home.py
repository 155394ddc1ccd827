"""The desk of the chosen organisation: what needs the reader, what is under way, what expires."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Organisation
from accounts.page_reading import read_once
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
    order_rows,
    soon_until,
)
from applications.views.shared.supplying import supplies
from applications.workflow import OPEN_CASES, Status
from certportal.foundation import clock
from issuance.models import Certificate

MOST = 5
"""Lines of each part of the desk; the rest is one link away."""
UNDER_WAY = Q(status__in=OPEN_CASES)
LOOKED_AT = 100
"""Certificates ending soon of which it is asked whether they are renewed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the reader is to do: in words, where, and by which day."""

    words: str
    href: str
    by: date | None = None


@read_once
@access.member_required
@require_safe
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
        "news": newest(seen, organisation, MOST),
        **_counts(seen),
        **_lists(seen, now),
    }
    return render(request, "applications/home.html", context)


def _technical(request: HttpRequest, organisation: Organisation, now: datetime) -> HttpResponse:
    found = naming(access.person_of(request), organisation.pk).prefetch_related("host_names")
    rows = order_rows(found, now=now)
    context = {"organisation": organisation, "orders": rows, "supplies": supplies(request)}
    return render(request, "applications/home_technical.html", context)


def _waiting() -> Q:
    """Return the condition for orders that wait for the applicant."""
    living = ContactLink.objects.filter(
        application=OuterRef("pk"), revoked_at=None, not_mine_at=None
    )
    own = Q(csr_by=Delivery.APPLICANT) | Q(
        ~Exists(living)
    )  # a link may be for the certificate only
    return Q(status=Status.INFO_REQUESTED) | Q(status=Status.AWAITING_CSR) & own


def _counts(seen: QuerySet[Application]) -> dict[str, int]:
    """Return how many orders there are, and of each kind."""
    return seen.aggregate(
        begun=Count("pk"),
        waiting=Count("pk", filter=_waiting()),
        drafts=Count("pk", filter=Q(status=Status.DRAFT)),
        under_way=Count("pk", filter=UNDER_WAY),
    )


def _lists(seen: QuerySet[Application], now: datetime) -> dict[str, Any]:
    """Return the orders that wait and are under way, and the certificates by their end."""
    ordered = seen.filter(UNDER_WAY).order_by("due_on", "submitted_at", "pk")
    waiting = ordered.filter(_waiting()).values("pk")[:MOST]
    valid = Certificate.objects.filter(Certificate.in_force(now), reference__in=seen.values("pk"))
    certificates = _first_to_end(valid, now)
    shown = Q(pk__in=waiting) | Q(pk__in=ordered.values("pk")[:MOST])
    shown |= Q(pk__in=[one.reference for one in certificates])
    found = Application.objects.filter(shown).annotate(waits=Case(When(_waiting(), then=True)))
    named = found.prefetch_related("host_names", "requests")
    orders = list(named.order_by("due_on", "submitted_at", "pk"))
    under_way = [one for one in orders if one.status in OPEN_CASES]
    rows = certificate_rows(certificates, now=now, among=orders)
    wanted = _unrenewed(rows, now)
    return {
        "tasks": [_task(one) for one in under_way if one.waits][:MOST],
        "orders": [
            {"row": row, "stages": tracking.stages(row.order), "place": tracking.at(row.order)}
            for row in order_rows(under_way[:MOST], now=now, among=orders)
        ],
        "certificates": rows[:MOST],
        "time_line": time_line.of(valid, now=now),
        "renewals": wanted[:MOST],
        "more_renewals": len(wanted) > MOST,
    }


def _first_to_end(valid: QuerySet[Certificate], now: datetime) -> list[Certificate]:
    """Return those ending soon, and as many as are shown; the first to end first."""
    by_end = valid.order_by("not_after", "pk")
    first = Q(pk__in=by_end.values("pk")[:MOST])
    return list(by_end.filter(first | Q(not_after__lt=soon_until(now)))[: LOOKED_AT + MOST])


def _unrenewed(rows: list[CertificateRow], now: datetime) -> list[CertificateRow]:
    """Return those ending soon that nothing renews yet."""
    until = soon_until(now)
    ending = [row for row in rows if row.order and row.certificate.not_after < until][:LOOKED_AT]
    done = renewal.renewed_of((row.order, row.certificate) for row in ending if row.order)
    return [row for row in ending if row.certificate.pk not in done]


def _task(order: Application) -> Task:
    href = reverse("applications:order", args=[order.pk])
    shown = {"name": order.called, "number": order.number}
    if order.status == Status.AWAITING_CSR:
        return Task(_("Give the certificate request: %(name)s, %(number)s") % shown, href)
    asked = next((one for one in order.requests.all() if one.closed_at is None), None)
    words = _("Answer the request for information: %(name)s, %(number)s") % shown
    return Task(words, href, asked.deadline if asked else None)
