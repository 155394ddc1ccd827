"""The certificates of all organisations, and the page of one, opened by its order."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.forms import HiddenInput
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django_filters import CharFilter, ModelChoiceFilter

from accounts import access
from accounts.models import Organisation
from accounts.page_reading import read_once
from applications import services
from applications.access import certificates_of_account
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.models.revocation import reason_words
from applications.replacement import predecessors
from applications.rules import impartiality, order_search, renewal, revocation_reports
from applications.services.reviewer import revocation
from applications.views.account.certificates import COLUMNS, DOWNLOADS, hand_over
from applications.views.account.filters import CertificateFilter, Sorting
from applications.views.account.history import of_certificate
from applications.views.console.case import case_context
from applications.views.console.entry import case_view, looked_at
from applications.views.shared import history, spreadsheet
from applications.views.shared.certificate import technical
from applications.views.shared.page import about
from applications.views.shared.rows import CertificateRow, certificate_rows, condition
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, ask_together, read_all
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.database.related_rows import parts
from certportal.foundation.events import Subject
from certportal.foundation.models import Event
from certportal.foundation.web import keyset
from issuance.models import BlockedKey, Certificate
from issuance.services.concerned import own_marks

PAGE = 25
LISTED: spreadsheet.Columns[CertificateRow] = [
    (gettext_lazy("Organisation"), lambda row: row.certificate.organisation.name),
    *COLUMNS,
]


class AllCertificates(CertificateFilter):
    """The certificates of all organisations, by the key in whose order they were stored, or of one.

    `found`: the orders that a search in those of all organisations found; it may leave out others.
    """

    EXPORTED = (*CertificateFilter.EXPORTED, "organisation", "organisation__name")
    SORTED = {**CertificateFilter.SORTED, "": Sorting({"id": int}, newest=True)}

    q = CharFilter(
        method="search",
        label=gettext_lazy("Search"),
        help_text=gettext_lazy("Names, numbers or hashes; beginnings of words are enough."),
    )
    organisation = ModelChoiceFilter(
        queryset=Organisation.objects.all(),
        method="owned",
        label=gettext_lazy("Organisation"),
        widget=HiddenInput,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Nothing has been searched yet."""
        super().__init__(*args, orders=Application.objects.all(), **kwargs)
        self.found: order_search.SearchResult | None = None

    @property
    def account(self) -> Organisation | None:
        """The organisation whose certificates alone are listed, if any."""
        is_unknown = "organisation" in self.form.errors
        return None if is_unknown else self.form.cleaned_data["organisation"]

    @property
    def sorting(self) -> Sorting:
        """The requested sorting; of one organisation as on its account, which has an index."""
        chosen = super().sorting
        is_default = chosen is self.SORTED[""]
        return CertificateFilter.SORTED[""] if is_default and self.account else chosen

    @property
    def is_cut(self) -> bool:
        """Whether the search found more orders than are listed."""
        return self.found is not None and self.found.is_more

    def filter_queryset(self, queryset: QuerySet[Certificate]) -> QuerySet[Certificate]:
        """Apply the filters, then the search."""
        kept = super().filter_queryset(queryset)
        chosen = self.form.cleaned_data
        if not (typed := chosen.get("q")):
            return kept
        if self.account is not None:
            own = self.orders.filter(organisation=self.account)
            return kept.filter(reference__in=order_search.fitting(typed, own).values("pk"))
        self.found = order_search.find(typed)
        if self.found.is_more and (chosen.get("state") or chosen.get("type")):
            within = self.orders.filter(pk__in=kept.order_by().values("reference"))
            self.found = order_search.find(typed, within=within)
        return kept.filter(Among("reference", "uuid", self.found.orders))

    def owned(
        self, queryset: QuerySet[Certificate], _name: str, value: Organisation
    ) -> QuerySet[Certificate]:
        """Return the certificates of the organisation's orders, as its page lists them."""
        return queryset & certificates_of_account(value.pk)

    def search(
        self, queryset: QuerySet[Certificate], _name: str, _value: str
    ) -> QuerySet[Certificate]:
        """Return all certificates: `filter_queryset` applies the search after the other filters."""
        return queryset


@access.reviewers_read
def certificates(request: HttpRequest) -> HttpResponseBase:
    looked_at(request, Subject("list", "certificates"))
    narrowed = _narrowed(request)
    sorting, now = narrowed.sorting, clock.now()
    page = keyset.page_of(
        narrowed.qs.defer("der", "crl_entry"),
        request,
        sorting.key,
        most=PAGE,
        newest=sorting.newest,
    )
    context = {
        "filter": narrowed,
        "page": page,
        "count": keyset.count(narrowed.qs),
        "rows": list(_with_matched(certificate_rows(page, now=now), narrowed)),
    }
    return render(request, "applications/console/certificates.html", context)


def _with_matched(
    rows: Sequence[CertificateRow], narrowed: AllCertificates
) -> Iterator[tuple[CertificateRow, list[tuple[Promise, str]]]]:
    """Yield each row with the terms of its order by which a search found it."""
    typed, orders = narrowed.form.cleaned_data.get("q"), [row.order for row in rows if row.order]
    found = order_search.matched(typed, order_search.entries(orders)) if typed else {}
    for row in rows:
        yield row, found.get(row.order.pk, []) if row.order else []


@access.reviewers_read
def list_csv(request: HttpRequest) -> HttpResponseBase:
    services.record_list_exported("certificates", **access.acting(request))
    return spreadsheet.table("certificates", LISTED, _narrowed(request).lines(certificate_rows))


def _narrowed(request: HttpRequest) -> AllCertificates:
    everything = Certificate.objects.select_related("organisation")
    return AllCertificates(request.GET, queryset=everything)


@read_once
@case_view
@require_safe
def certificate(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the certificate of an order: state, names, key, files, revocation and events."""
    person, now = access.person_of(request), clock.now()
    ask_together(
        certificate_of.of(application),
        revocation.open_proposal.of(application),
        revocation_reports.reports.of(application),
        predecessors.items.of(application),
        access.is_partial.of(person, application.organisation_id, now=now),
        own_marks.of(person),
        impartiality.traces.of(application),
        parts(application, "host_names"),
    )
    found = certificate_of(application)
    if found is None:
        raise Http404
    blocked, events = read_all(
        Rows(BlockedKey.objects.filter(spki_sha256=found.spki_sha256)),
        Rows(Event.objects.filter(of_certificate(found)).order_by("-id")[: history.MOST]),
    )
    context = about(application) | {
        "certificate": found,
        "condition": condition(found, now=now),
        "facts": technical(found),
        "serial_decimal": str(found.certificate.serial_number),
        "reason": reason_words(found.revocation_reason),
        "blocked": bool(blocked),
        "downloads": [(label, _file_url(application, kind)) for kind, label in DOWNLOADS.items()],
        "may_revoke": bool(revocation.reasons(application, person, now=now)),
        "predecessor": predecessors.predecessor(application),
        "replaced_by": renewal.replacing(application, found),
        "history": history.worded(events),
    }
    context |= case_context.pending(application, person)
    return render(request, "applications/console/certificate.html", context)


def _file_url(application: Application, kind: str) -> str:
    return reverse("console:certificate_file", args=[application.pk, kind])


@case_view
@require_safe
def file(request: HttpRequest, application: Application, kind: str) -> HttpResponse:
    """Download a file of the certificate; its applicant does not see that."""
    actor, record = access.actor_of(request), services.record_certificate_taken
    return hand_over(application, kind, actor, record=record)
