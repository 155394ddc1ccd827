"""Searching, filtering and sorting the account's lists of orders and certificates."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _, pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, FilterSet

from accounts import access
from applications.access import own
from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import order_search, queue_order, reminders
from applications.views.account.unused import unused
from applications.views.account.whose_turn import waiting
from applications.views.shared import spreadsheet
from applications.views.shared.forms import FilterForm
from applications.views.shared.rows import CERTIFICATE_COLUMNS, ORDER_COLUMNS
from applications.workflow import ENDED, Status
from certportal.foundation import clock
from certportal.foundation.web import keyset
from issuance.models import Certificate

PER_PAGE = 25
STAGES = [
    ("waiting", pgettext_lazy("orders", "Waiting for you")),
    ("drafts", _("Drafts")),
    ("ended", pgettext_lazy("orders", "Closed")),
    ("all", pgettext_lazy("orders", "All")),
]
STATES = [
    ("valid", pgettext_lazy("certificates", "Valid")),
    ("soon", pgettext_lazy("certificates", "Expiring soon")),
    ("unused", pgettext_lazy("certificates", "To be put to use (my orders)")),
    ("revoked", pgettext_lazy("certificates", "Revoked")),
    ("expired", pgettext_lazy("certificates", "Expired")),
]


@dataclass(frozen=True, slots=True)
class Sorting:
    """The sort key of a list; `newest`: in descending order."""

    key: keyset.Key
    newest: bool = False

    def put[Row: Model](self, rows: QuerySet[Row]) -> QuerySet[Row]:
        return rows.order_by(*(f"-{name}" if self.newest else name for name in self.key))


# By the value of `sort`. The default has an index (`models/application.py`).
ORDERS_SORTED: Mapping[str, Sorting] = {
    "": Sorting({"changed_at": datetime.fromisoformat, "number": str}, newest=True),
    "due": Sorting({"queue_day": date.fromisoformat, "number": str}),
    "number": Sorting({"number": str}, newest=True),
}
CERTIFICATES_SORTED: Mapping[str, Sorting] = {
    "": Sorting({"issued_at": datetime.fromisoformat, "id": int}, newest=True),
    "ends": Sorting({"not_after": datetime.fromisoformat, "id": int}),
}


class Listing[Row: Model](FilterSet):  # django-filter has no annotations
    """A list of the account, with a text search and one of the sortings in `SORTED`."""

    SORTED: ClassVar[Mapping[str, Sorting]]
    EXPORTED: ClassVar[tuple[str, ...]]
    """The columns of the database that a row of the CSV file needs."""

    q = CharFilter(
        method="search",
        label=_("Search"),
        help_text=_("Host name, system, order number, serial number, unit or person"),
    )

    class Meta:
        fields: tuple[str, ...] = ()
        form = FilterForm

    @property
    def sorting(self) -> Sorting:
        """The requested sorting, else the default."""
        return self.SORTED[self.form.cleaned_data.get("sort", "") if self.form.is_valid() else ""]

    @property
    def is_narrowed(self) -> bool:
        """Whether the list is filtered or searched, not only sorted."""
        return any(self.data.get(name) for name in self.filters if name != "sort")

    def filter_queryset(self, queryset: QuerySet[Row]) -> QuerySet[Row]:
        rows: QuerySet[Row] = super().filter_queryset(self.sorting.put(queryset))
        return rows

    def put(self, queryset: QuerySet[Row], _name: str, _value: str) -> QuerySet[Row]:
        """Return all rows: the filter `sort` filters nothing, see `sorting`."""
        return queryset

    def page(self, request: HttpRequest) -> dict[str, Any]:
        """Return the context of the list, with the objects of the current page as `page`."""
        rows, sorting = self.qs, self.sorting
        return {
            "organisation": access.organisation_of(request),
            "filter": self,
            "page": keyset.page_of(
                rows, request, sorting.key, most=PER_PAGE, newest=sorting.newest
            ),
            "count": keyset.count(rows),
        }

    def batches(self) -> Iterator[Sequence[Row]]:
        """Yield all filtered rows in batches, with the columns that are `EXPORTED`."""
        rows, sorting = self.qs.only(*self.EXPORTED), self.sorting
        return keyset.walk(rows, sorting.key, most=spreadsheet.BATCH, newest=sorting.newest)

    def lines[Line](self, worded: Callable[..., Iterable[Line]]) -> Iterator[Line]:
        """Yield what `worded` makes of each batch at the present time: the lines of a file."""
        now = clock.now()
        return (line for batch in self.batches() for line in worded(batch, now=now))


class OrderFilter(Listing[Application]):
    """The orders of an account: open ones, unless a stage or a search is given."""

    SORTED = ORDERS_SORTED
    EXPORTED = ORDER_COLUMNS

    stage = ChoiceFilter(
        choices=STAGES, method="at", label=_("Orders"), empty_label=pgettext_lazy("orders", "Open")
    )
    type = ChoiceFilter(
        choices=CertificateType.choices, label=_("Type of certificate"), empty_label=_("All types")
    )
    sort = ChoiceFilter(
        choices=[("due", _("Due date")), ("number", _("Order number"))],
        method="put",
        label=_("Sort by"),
        empty_label=_("Last change"),
    )

    class Meta(Listing.Meta):
        model = Application

    def filter_queryset(self, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """Without stage and search return the `usual` orders; a search alone covers all stages."""
        sorted_orders = super().filter_queryset(queue_order.with_day(queryset))
        chosen = self.form.cleaned_data
        return (
            sorted_orders if chosen.get("stage") or chosen.get("q") else self.usual(sorted_orders)
        )

    def usual(self, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """Return the orders shown without stage and search: the open ones."""
        return queryset.exclude(status__in=[Status.DRAFT, *ENDED])

    def at(self, queryset: QuerySet[Application], _name: str, value: str) -> QuerySet[Application]:
        if value == "all":
            return queryset
        if value == "waiting":
            return queryset.filter(waiting())
        return queryset.filter(status__in=ENDED if value == "ended" else [Status.DRAFT])

    def search(
        self, queryset: QuerySet[Application], _name: str, value: str
    ) -> QuerySet[Application]:
        return order_search.fitting(value, queryset)


class CertificateFilter(Listing[Certificate]):
    """The certificates of an account; `orders` are the orders that the reader sees."""

    SORTED = CERTIFICATES_SORTED
    EXPORTED: ClassVar[tuple[str, ...]] = CERTIFICATE_COLUMNS

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

    class Meta(Listing.Meta):
        model = Certificate

    def __init__(self, *args: Any, orders: QuerySet[Application], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.orders = orders

    def standing(
        self, queryset: QuerySet[Certificate], _name: str, value: str
    ) -> QuerySet[Certificate]:
        now = clock.now()
        if value == "revoked":
            return queryset.filter(state=Certificate.State.REVOKED)
        if value == "expired":
            return queryset.filter(state=Certificate.State.ISSUED, not_after__lte=now)
        if value == "soon":
            return queryset.filter(reminders.ending_soon(now))
        valid = queryset.filter(Certificate.in_force(now))
        if value == "unused":
            return unused(self.to_install(), valid, now)
        return valid

    def to_install(self) -> QuerySet[Application]:
        """Return the orders whose certificates the reader is to put to use: their own."""
        return self.orders.filter(own(access.person_of(self.request)))

    def search(
        self, queryset: QuerySet[Certificate], _name: str, value: str
    ) -> QuerySet[Certificate]:
        """Return the certificates whose order matches the text, which may be a serial number."""
        fitting = order_search.fitting(value, self.orders)
        return queryset.filter(reference__in=fitting.values("pk"))
