"""What the account's lists can be searched by and narrowed to."""

from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, FilterSet

from accounts.register.models import RegisterRecord
from applications.models import Application, HostName
from applications.models.certificate_types import CertificateType
from applications.views.console.case.forms import FilterForm
from applications.views.console.queue.filters import serials
from applications.views.shared.rows import SOON
from applications.workflow import ENDED, Status
from certportal.foundation import clock
from issuance.models import Certificate, PreparedCertificate

STAGES = [
    ("drafts", _("Drafts")),
    ("ended", pgettext_lazy("orders", "Closed")),
    ("all", pgettext_lazy("orders", "All")),
]
STATES = [
    ("valid", pgettext_lazy("certificates", "Valid")),
    ("soon", pgettext_lazy("certificates", "Expiring soon")),
    ("revoked", pgettext_lazy("certificates", "Revoked")),
    ("expired", pgettext_lazy("certificates", "Expired")),
]
ORDERS_SORTED = [
    ("due", _("Due date")),
    ("number", _("Order number")),
]


class OrderFilter(FilterSet):  # django-filter has no annotations
    """Open orders unless a stage or a search says otherwise."""

    q = CharFilter(
        method="search",
        label=_("Search"),
        help_text=_("Host name, system, order number, serial number, unit or person"),
    )
    stage = ChoiceFilter(
        choices=STAGES, method="at", label=_("Orders"), empty_label=pgettext_lazy("orders", "Open")
    )
    type = ChoiceFilter(
        choices=CertificateType.choices, label=_("Type of certificate"), empty_label=_("All types")
    )
    sort = ChoiceFilter(
        choices=ORDERS_SORTED, method="put", label=_("Sort by"), empty_label=_("Last change")
    )

    class Meta:
        model = Application
        fields: tuple[str, ...] = ()
        form = FilterForm

    def filter_queryset(self, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """Without a stage keep what is open; a search without one looks everywhere."""
        found: QuerySet[Application] = super().filter_queryset(queryset.order_by("-changed_at"))
        chosen = self.form.cleaned_data
        if chosen.get("stage") or chosen.get("q"):
            return found
        return found.exclude(status__in=[Status.DRAFT, *ENDED])

    def at(self, queryset: QuerySet[Application], _name: str, value: str) -> QuerySet[Application]:
        """Keep drafts, or what has ended."""
        if value == "all":
            return queryset
        return queryset.filter(status__in=ENDED if value == "ended" else [Status.DRAFT])

    def put(self, queryset: QuerySet[Application], _name: str, value: str) -> QuerySet[Application]:
        """Sort by the promised day, those without one last, or by number."""
        if value == "due":
            return queryset.order_by(F("due_on").asc(nulls_last=True), "-changed_at")
        return queryset.order_by("-number")

    def search(
        self, queryset: QuerySet[Application], _name: str, value: str
    ) -> QuerySet[Application]:
        """Keep the orders that the text fits."""
        return queryset.filter(found_by(value))


class CertificateFilter(FilterSet):
    """All certificates unless something is chosen; `orders` are those that the reader sees."""

    q = CharFilter(
        method="search",
        label=_("Search"),
        help_text=_("Host name, system, order number, serial number, unit or person"),
    )
    state = ChoiceFilter(
        choices=STATES, method="standing", label=_("Status"), empty_label=_("All certificates")
    )
    type = ChoiceFilter(
        field_name="profile_id",
        choices=CertificateType.choices,
        label=_("Type of certificate"),
        empty_label=_("All types"),
    )
    sort = ChoiceFilter(
        choices=[("ends", _("The first to expire"))],
        method="put",
        label=_("Sort by"),
        empty_label=_("The newest"),
    )

    class Meta:
        model = Certificate
        fields: tuple[str, ...] = ()
        form = FilterForm

    def __init__(self, *args: Any, orders: QuerySet[Application], **kwargs: Any) -> None:
        """Keep the orders."""
        super().__init__(*args, **kwargs)
        self.orders = orders

    def filter_queryset(self, queryset: QuerySet[Certificate]) -> QuerySet[Certificate]:
        """Put the newest first, unless another order is asked for."""
        found: QuerySet[Certificate] = super().filter_queryset(
            queryset.order_by("-issued_at", "-pk")
        )
        return found

    def standing(
        self, queryset: QuerySet[Certificate], _name: str, value: str
    ) -> QuerySet[Certificate]:
        """Keep those that stand so now."""
        now = clock.now()
        if value == "revoked":
            return queryset.filter(state=Certificate.State.REVOKED)
        if value == "expired":
            return queryset.filter(state=Certificate.State.ISSUED, not_after__lte=now)
        valid = queryset.filter(Certificate.in_force(now))
        return valid if value == "valid" else valid.filter(not_after__lt=now + timedelta(days=SOON))

    def put(
        self, queryset: QuerySet[Certificate], _name: str, _value: str
    ) -> QuerySet[Certificate]:
        """Put the first to expire on top."""
        return queryset.order_by("not_after", "pk")

    def search(
        self, queryset: QuerySet[Certificate], _name: str, value: str
    ) -> QuerySet[Certificate]:
        """Keep those whose order the text fits, or whose serial number it is."""
        fitting = self.orders.filter(found_by(value))
        return queryset.filter(reference__in=fitting.values("pk"))


def found_by(text: str) -> Q:
    """Return the condition for the orders in which each word of the text occurs."""
    condition = Q()
    for word in text.split():
        condition &= _has(word)
    return condition


def _has(word: str) -> Q:
    hosts = HostName.objects.filter(name__icontains=word)
    units = RegisterRecord.objects.filter(long_name__icontains=word)
    made = PreparedCertificate.objects.filter(serial__in=serials(word))
    plain = ("number", "system_name", "certified_email", "mailbox", "contact_name")
    condition = Q(pk__in=hosts.values("application")) | Q(pk__in=made.values("reference"))
    condition |= Q(record_oid=word) | Q(record_oid__in=units.values("oid"))
    for field in (*plain, "technical_name"):
        condition |= Q(**{f"{field}__icontains": word})
    return condition
