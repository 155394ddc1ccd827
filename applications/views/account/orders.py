"""The list of the account's orders: searched, filtered, sorted, and as a CSV file."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
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


@read_once
@applicant_view
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the open orders, or those that match the query."""
    narrowed = _narrowed(request)
    context = narrowed.page(request)
    context["rows"] = order_rows(context["page"], now=clock.now())
    context["drafts"] = _seen(request).filter(status=Status.DRAFT).count()
    return render(request, "applications/orders.html", context)


@applicant_view
@require_safe
def listing_csv(request: HttpRequest) -> HttpResponseBase:
    """Download the filtered list as a CSV file."""
    narrowed = _narrowed(request)
    return spreadsheet.answer("orders", head(), _lines(narrowed, clock.now()))


def _seen(request: HttpRequest) -> QuerySet[Application]:
    return orders_seen(access.person_of(request), access.organisation_of(request).pk)


def _narrowed(request: HttpRequest) -> OrderFilter:
    return OrderFilter(request.GET, queryset=with_names(_seen(request)))


def head() -> list[str]:
    """Return the column names of the spreadsheet."""
    return [
        _("Order number"),
        pgettext("certificate", "Name"),
        _("Certificate"),
        _("Organisational unit"),
        _("Contact person"),
        _("Status"),
        _("Due date"),
        _("Last change"),
    ]


def _lines(narrowed: OrderFilter, now: datetime) -> Iterator[list[str]]:
    for batch in narrowed.batches():
        yield from map(line, order_rows(batch, now=now))


def line(row: OrderRow) -> list[str]:
    """Return the order's row of the spreadsheet."""
    return [
        row.order.number,
        row.name,
        str(row.order.kind.label),
        row.unit,
        row.order.contact_name,
        row.label,
        spreadsheet.day(row.due.day) if row.due else "",
        spreadsheet.day(clock.day(row.order.changed_at)),
    ]
