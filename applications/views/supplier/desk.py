"""The supplier's pages: its customers, and lists of their orders and certificates."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import access, consents
from applications.access import certificates_supplied
from applications.rules import renewal
from applications.views.account import certificates
from applications.views.account import orders as account_orders
from applications.views.shared import spreadsheet
from applications.views.shared.rows import (
    CertificateRow,
    OrderRow,
    certificate_rows,
    rows_for_others,
)
from applications.views.shared.supplying import orders as supplied
from applications.views.shared.supplying import received, supplier_view
from applications.views.supplier.filters import (
    CustomerFilter,
    SuppliedCertificates,
    SuppliedOrders,
)
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.reading import one_reading
from certportal.foundation.web import keyset
from issuance.models import Certificate

MOST = 5
"""The number of lines in each part of the page; a link leads to the rest."""
ORDER_COLUMNS: spreadsheet.Columns[OrderRow] = [
    (_("Customer"), lambda row: row.order.organisation.name),
    *account_orders.COLUMNS,
]
CERTIFICATE_COLUMNS: spreadsheet.Columns[CertificateRow] = [
    (_("Customer"), lambda row: row.order.organisation.name if row.order else ""),
    *certificates.COLUMNS,
]


@supplier_view
@require_safe
@one_reading()
def customers(request: HttpRequest) -> HttpResponse:
    """Show the supplier's home page: requests to make, expiring certificates, and customers."""
    now, supplied_orders = clock.now(), supplied(request)
    waiting = supplied_orders.filter(status=Status.AWAITING_CSR).order_by("changed_at", "number")
    ending = _certificates(request).filter(renewal.ending_soon(now)).order_by("not_after", "pk")
    membership = access.current_membership(
        access.person_of(request), access.organisation_of(request).pk
    )
    context = CustomerFilter(request.GET, queryset=received(request)).page(request) | {
        "administers": membership is not None and access.administers(membership),
        "waiting": rows_for_others(waiting[:MOST], now=now),
        "waiting_count": keyset.count(waiting),
        "ending": _certificate_rows(ending[:MOST], now=now),
        "ending_count": keyset.count(ending),
        "soon": consents.soon(now),
    }
    return render(request, "applications/customers/customers.html", context)


@supplier_view
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """List the customers' orders that wait for a request, or those that match the query."""
    context = _orders(request).page(request)
    context["rows"] = rows_for_others(context["page"], now=clock.now())
    return render(request, "applications/customers/orders.html", context)


@supplier_view
@require_safe
def orders_csv(request: HttpRequest) -> HttpResponseBase:
    """Download the filtered list as a CSV file."""
    return spreadsheet.table("orders", ORDER_COLUMNS, _orders(request).lines(rows_for_others))


@supplier_view
@require_safe
def certificate_list(request: HttpRequest) -> HttpResponse:
    """List the customers' certificates, filtered by the query."""
    context = _narrowed(request).page(request)
    context["rows"] = _certificate_rows(context["page"], now=clock.now())
    return render(request, "applications/customers/certificates.html", context)


@supplier_view
@require_safe
def certificates_csv(request: HttpRequest) -> HttpResponseBase:
    """Download the filtered list as a CSV file."""
    lines = _narrowed(request).lines(_certificate_rows)
    return spreadsheet.table("certificates", CERTIFICATE_COLUMNS, lines)


def _orders(request: HttpRequest) -> SuppliedOrders:
    return SuppliedOrders(request.GET, queryset=supplied(request), request=request)


def _narrowed(request: HttpRequest) -> SuppliedCertificates:
    arguments: dict[str, Any] = {"orders": supplied(request), "request": request}
    return SuppliedCertificates(request.GET, queryset=_certificates(request), **arguments)


def _certificates(request: HttpRequest) -> QuerySet[Certificate]:
    person, supplier = access.person_of(request), access.organisation_of(request)
    return certificates_supplied(person, supplier.pk, now=clock.now())


def _certificate_rows(found: Iterable[Certificate], *, now: datetime) -> list[CertificateRow]:
    """Return the rows, after reading the customers of all their orders with one query."""
    rows = certificate_rows(found, now=now)
    prefetch_related_objects([row.order for row in rows if row.order], "organisation")
    return rows
