"""The list of the account's orders: searched, filtered, sorted, and as a CSV file."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts import access
from accounts.page_reading import read_once
from applications.access import orders_seen
from applications.models import Application
from applications.views.account.filters import OrderFilter
from applications.views.shared import spreadsheet
from applications.views.shared.entry import applicant_view
from applications.views.shared.rows import OrderRow, order_rows, with_names
from applications.workflow import Status
from certportal.foundation import clock

COLUMNS: spreadsheet.Columns[OrderRow] = [
    (_("Order number"), lambda row: row.order.number),
    (pgettext_lazy("certificate", "Name"), lambda row: row.name),
    (_("Certificate"), lambda row: str(row.order.kind.label)),
    (_("Organisational unit"), lambda row: row.unit),
    (_("Contact person"), lambda row: row.order.contact_name),
    (_("Status"), lambda row: row.label),
    (_("Due date"), lambda row: spreadsheet.day(row.due.day) if row.due else ""),
    (_("Last change"), lambda row: spreadsheet.day(clock.day(row.order.changed_at))),
]


@read_once
@applicant_view
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the open orders, or those that match the query."""
    context = _narrowed(request).page(request)
    context["rows"] = order_rows(context["page"], now=clock.now())
    context["drafts"] = _seen(request).filter(status=Status.DRAFT).count()
    return render(request, "applications/orders.html", context)


@applicant_view
@require_safe
def listing_csv(request: HttpRequest) -> HttpResponseBase:
    return spreadsheet.table("orders", COLUMNS, _narrowed(request).lines(order_rows))


def _seen(request: HttpRequest) -> QuerySet[Application]:
    return orders_seen(access.person_of(request), access.organisation_of(request).pk)


def _narrowed(request: HttpRequest) -> OrderFilter:
    return OrderFilter(request.GET, queryset=with_names(_seen(request)))
