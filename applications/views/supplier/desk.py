"""The supplier's pages: its customers, and lists of their orders and certificates."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.forms import HiddenInput
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _, pgettext_lazy
from django.views.decorators.http import require_safe
from django_filters import CharFilter, ChoiceFilter, ModelChoiceFilter

from accounts import access, consents
from accounts.models import Organisation, SupplierConsent
from applications.access import certificates_of, certificates_supplied
from applications.models import Application
from applications.rules import reminders
from applications.views.account import certificates, home, orders as account_orders
from applications.views.account.filters import (
    STATES,
    CertificateFilter,
    Listing,
    OrderFilter,
    Sorting,
)
from applications.views.shared import spreadsheet, supplying
from applications.views.shared.rows import (
    CertificateRow,
    OrderRow,
    certificate_rows,
    rows_for_others,
)
from applications.views.shared.supplying import orders as supplied, received, supplier_view
from applications.workflow import ENDED, Status
from certportal.foundation import clock
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.text.folded_names import words_held
from certportal.foundation.web import keyset
from issuance.models import Certificate


class CustomerFilter(Listing[SupplierConsent]):
    """The supplier's customers, with the number of orders that wait for a request (`waiting`)."""

    SORTED = {
        "": Sorting({"name": str, "id": int}),
        "until": Sorting({"until": date.fromisoformat, "id": int}),
    }

    q = CharFilter(method="search", label=_("Search"), help_text=_("Name or business ID"))
    sort = ChoiceFilter(
        choices=[("until", _("The first to end"))],
        method="put",
        label=_("Sort by"),
        empty_label=_("Name of the customer"),
    )

    class Meta(Listing.Meta):
        model = SupplierConsent

    def filter_queryset(self, queryset: QuerySet[SupplierConsent]) -> QuerySet[SupplierConsent]:
        """Annotate name and `waiting` of each customer, then filter and sort."""
        waiting_orders = Application.objects.filter(
            organisation=OuterRef("customer"), status=Status.AWAITING_CSR
        )
        number = waiting_orders.order_by().values("organisation").annotate(number=Count("pk"))
        named = queryset.select_related("customer").prefetch_related("customer__business_ids")
        return super().filter_queryset(
            named.annotate(
                name=F("customer__name"), waiting=Coalesce(Subquery(number.values("number")), 0)
            )
        )

    def search(
        self, queryset: QuerySet[SupplierConsent], _name: str, value: str
    ) -> QuerySet[SupplierConsent]:
        """Return the customers with the text in their name, or as their business ID."""
        current = Q(
            customer__business_ids__code=value.strip(), customer__business_ids__valid_to=None
        )
        return queryset.filter(words_held(value, "customer__name") | current).distinct()


class OneCustomer(ModelChoiceFilter):
    """A choice of one customer; of more than `MOST_CHOICES`, by the links of the list of all."""

    @property
    def field(self) -> Any:
        field = super().field
        if field.queryset[: MOST_CHOICES + 1].count() > MOST_CHOICES:
            field.widget = HiddenInput()
        return field


def _one_customer(**arguments: str) -> ModelChoiceFilter:
    return OneCustomer(
        queryset=supplying.customers,
        label=_("Customer"),
        empty_label=_("All customers"),
        **arguments,
    )


class SuppliedOrders(OrderFilter):
    """The customers' orders: those that wait for a request, unless a stage or a search is given."""

    customer = _one_customer(field_name="organisation")
    stage = ChoiceFilter(
        choices=[
            ("open", pgettext_lazy("orders", "Open")),
            ("ended", pgettext_lazy("orders", "Closed")),
            ("all", pgettext_lazy("orders", "All")),
        ],
        method="at",
        label=_("Orders"),
        empty_label=_("Waiting for a certificate request"),
    )

    def usual(self, queryset: QuerySet[Application]) -> QuerySet[Application]:
        return queryset.filter(status=Status.AWAITING_CSR)

    def at(self, queryset: QuerySet[Application], _name: str, value: str) -> QuerySet[Application]:
        if value == "all":
            return queryset
        ended = Q(status__in=ENDED)
        return queryset.filter(ended if value == "ended" else ~ended)


TO_INSTALL = pgettext_lazy("certificates", "To be put to use")


class SuppliedCertificates(CertificateFilter):
    """The certificates of all customers, or of a chosen one."""

    customer = _one_customer(method="of")
    state = ChoiceFilter(
        choices=[(value, TO_INSTALL if value == "unused" else words) for value, words in STATES],
        method="standing",
        label=_("Status"),
        empty_label=_("All certificates"),
    )

    def to_install(self) -> QuerySet[Application]:
        """Return all customers' orders: the supplier has none of its own among them."""
        return self.orders

    def of(self, queryset: Any, _name: str, value: Organisation) -> Any:
        return queryset & certificates_of(self.orders.filter(organisation=value), {value.pk})


MOST = 5
"""The number of lines in each part of the page; a link leads to the rest."""
MOST_CHOICES = 50
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
    soon = _certificates(request).filter(reminders.ending_soon(now)).order_by("not_after", "pk")
    ending = home.unrenewed(soon, now)
    prefetch_related_objects([row.order for row in ending if row.order], "organisation")
    membership = access.current_membership(
        access.person_of(request), access.organisation_of(request).pk
    )
    context = CustomerFilter(request.GET, queryset=received(request)).page(request) | {
        "administers": membership is not None and access.administers(membership),
        "waiting": rows_for_others(waiting[:MOST], now=now),
        "waiting_count": keyset.count(waiting),
        "ending": ending[:MOST],
        "more_ending": len(ending) > MOST,
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
