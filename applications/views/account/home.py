"""The account of the chosen organisation: what waits, what is on its way, what is in use."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Organisation
from accounts.services.organisations import join
from accounts.services.rights import documents
from applications import workflow
from applications.access import naming, orders_seen
from applications.models import Application
from applications.views.shared.entry import may_order
from applications.views.shared.rows import certificate_rows, order_rows
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.web import keyset
from issuance.models import Certificate

PER_PAGE = 20
BY_CHANGE: keyset.Key = {"changed_at": datetime.fromisoformat, "number": str}
WAITING = [status for status, turn in workflow.TURN.items() if turn is workflow.Role.APPLICANT]


@access.member_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the account's orders and certificates; a technical member orders nothing here."""
    person, organisation = access.person_of(request), access.organisation_of(request)
    now = clock.now()
    if not may_order(request):
        return _technical(request, organisation, now)
    seen = orders_seen(person, organisation.pk)
    context = _orders(seen, request, now) | {
        "organisation": organisation,
        "unshown": documents.unshown(person, organisation),
        "asking": join.unanswered(person, organisation, now=now),
        "certificates": _certificates(seen, now),
    }
    return render(request, "applications/home.html", context)


def _technical(request: HttpRequest, organisation: Organisation, now: datetime) -> HttpResponse:
    found = naming(access.person_of(request), organisation.pk).prefetch_related("host_names")
    rows = order_rows(found[:100], now=now)
    context = {"organisation": organisation, "orders": rows}
    return render(request, "applications/home_technical.html", context)


def _orders(seen: QuerySet[Application], request: HttpRequest, now: datetime) -> dict[str, Any]:
    orders = seen.order_by("-changed_at").prefetch_related("host_names", "requests")
    waiting = list(orders.filter(status__in=WAITING)[:100])
    rest = orders.filter(status__in=[one for one in Status if one not in WAITING])
    others = keyset.page_of(rest, request, BY_CHANGE, most=PER_PAGE, newest=True)
    return {
        "waiting": order_rows(waiting, now=now),
        "page": others,
        "orders": order_rows(others, now=now),
    }


def _certificates(seen: QuerySet[Application], now: datetime) -> list[Any]:
    valid = Certificate.objects.filter(Certificate.in_force(now), reference__in=seen.values("pk"))
    return certificate_rows(valid.order_by("not_after")[:200], now=now)
