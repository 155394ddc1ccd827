"""Searching, filtering and sorting the supplier's lists."""

from datetime import date
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, ModelChoiceFilter

from accounts.models import Organisation, SupplierConsent
from applications.access import certificates_of
from applications.models import Application
from applications.views.account.filters import CertificateFilter, Listing, OrderFilter, Sorting
from applications.views.shared import supplying
from applications.workflow import ENDED, Status


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
        return queryset.filter(Q(customer__name__icontains=value.strip()) | current).distinct()


def _one_customer(**arguments: str) -> ModelChoiceFilter:
    return ModelChoiceFilter(
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
        """Return the orders that wait for a request."""
        return queryset.filter(status=Status.AWAITING_CSR)

    def at(self, queryset: QuerySet[Application], _name: str, value: str) -> QuerySet[Application]:
        """Return open orders, ended orders or all."""
        if value == "all":
            return queryset
        ended = Q(status__in=ENDED)
        return queryset.filter(ended if value == "ended" else ~ended)


class SuppliedCertificates(CertificateFilter):
    """The certificates of all customers, or of a chosen one."""

    customer = _one_customer(method="of")

    def of(self, queryset: Any, _name: str, value: Organisation) -> Any:
        """Return the certificates of the customer."""
        orders = self.orders.filter(organisation=value)
        return queryset & certificates_of(orders, {value.pk})
