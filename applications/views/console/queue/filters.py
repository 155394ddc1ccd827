"""The filters and the search of the queue."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import HiddenInput, Select
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _, pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter

from accounts.models import Person, StaffRole
from applications.checks.wording import word_all
from applications.models import Application, HostName
from applications.models.certificate_types import CertificateType
from applications.rules import order_search, queue_order
from applications.views.console.queue import ready_made
from applications.views.shared.forms import FilterForm
from applications.workflow import ENDED, OPEN_CASES, Status
from certportal.foundation.database.combined_queries import Number, Values, Wanted, compiled_for
from certportal.foundation.text.folded_names import words_held
from certportal.foundation.web import keyset

STATUSES = [
    (pgettext_lazy("orders", "Open"), [(one.value, one.label) for one in OPEN_CASES]),
    (pgettext_lazy("orders", "Closed"), [(one.value, one.label) for one in Status if one in ENDED]),
]
ENVIRONMENTS = [
    ("production", pgettext_lazy("environment", "Production")),
    ("test", pgettext_lazy("environment", "Test")),
]

NO_EVIDENCE = "no_evidence"
"""Chosen in place of a finding: the cases of which a reviewer must still record evidence."""

type Cases = QuerySet[Application]

LISTED = "listed"
"""The name of the number of cases that are listed, beside those of the ready-made views."""


def holders(_request: HttpRequest | None = None) -> QuerySet[Person]:
    held = Application.objects.filter(status__in=OPEN_CASES, reviewer=OuterRef("pk"))
    # For each of the few who have ever been a reviewer the database looks whether there is a case.
    reviewers = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER).values("person")
    return Person.objects.filter(Exists(held), pk__in=reviewers).order_by("family_name")


@compiled_for()
def _holders() -> Values:
    return Values(holders().values_list("pk", "given_name", "family_name"), 3)


class QueueFilter(FilterSet):  # django-filter has no annotations
    """The cases of the queue: open ones, unless a view, a status or a search is given.

    A search without view and status looks at the closed ones too.
    """

    view = ChoiceFilter(
        choices=[(view.id, view.label) for view in ready_made.VIEWS if view.id],
        method="seen",
        label=_("View"),
        widget=HiddenInput,
    )
    q = CharFilter(
        method="typed",
        label=_("Search"),
        help_text=_(
            "Names, numbers or addresses; beginnings of words are enough. Closed orders are"
            " searched too."
        ),
    )
    status = ChoiceFilter(choices=STATUSES, label=_("Status"), empty_label=_("All open"))
    type = ChoiceFilter(
        choices=CertificateType.choices, label=_("Type of certificate"), empty_label=_("All types")
    )
    environment = ChoiceFilter(
        choices=ENVIRONMENTS,
        method="of",
        label=_("Environment"),
        empty_label=_("Both environments"),
    )
    reviewer = ModelChoiceFilter(
        queryset=holders, label=_("Reviewer"), empty_label=_("All reviewers")
    )
    finding = CharFilter(method="having", label=_("Finding"), widget=Select)
    organisation = CharFilter(method="named", label=_("Organisation"))

    class Meta:
        model = Application
        fields: tuple[str, ...] = ()
        form = FilterForm

    def __init__(self, *args: Any, reader: ready_made.Reader, **kwargs: Any) -> None:
        """Keep the reader; name the default of the status by what is listed without one."""
        super().__init__(*args, **kwargs)
        self.reader = reader
        self.found: order_search.SearchResult | None = None
        if not self.is_of_open:
            status = self.form.fields["status"]
            status.empty_label = _("All statuses")
            status.choices = STATUSES  # the widget's choices begin with the label

    @property
    def is_of_open(self) -> bool:
        """Whether only open cases are listed, since neither view, status nor search is given."""
        return not (self._is_chosen("view", "status") or self._is_chosen("q"))

    @property
    def searches_all(self) -> bool:
        return self._is_chosen("q") and not self._is_chosen("view", "status")

    def _is_chosen(self, *names: str) -> bool:
        self.form.is_valid()
        return any(self.form.cleaned_data.get(name) for name in names)

    def filter_queryset(self, queryset: Cases) -> Cases:
        """Apply the filters, then the search; by default leave out ended cases."""
        cases: Cases = super().filter_queryset(queryset)
        chosen = self.form.cleaned_data
        is_filtered = any(value for name, value in chosen.items() if name != "q")
        if typed := chosen.get("q"):
            self.found = order_search.find(typed, within=cases if is_filtered else None)
            return order_search.narrowed(cases, self.found)
        return cases.filter(status__in=OPEN_CASES) if self.is_of_open else cases

    def of(self, queryset: Cases, _name: str, value: str) -> Cases:
        tests = Q(type__in=ready_made.TEST_TYPES)
        return queryset.filter(tests if value == "test" else ~tests)

    def named(self, queryset: Cases, _name: str, value: str) -> Cases:
        """Return the cases of the organisations with each of the words in their name."""
        return queryset.filter(words_held(value, "organisation__name"))

    def having(self, queryset: Cases, _name: str, value: str) -> Cases:
        """Return the open cases with a finding by the rule, for which there is an index.

        Or, by NO_EVIDENCE, those with a host name without evidence.
        """
        if value == NO_EVIDENCE:
            without = HostName.objects.filter(application=OuterRef("pk"), evidence="")
            return queryset.filter(ready_made.OPEN, Exists(without))
        found = Q(findings__contains=[{"rule": value}])
        return queryset.filter(ready_made.OPEN, found, ~Q(findings=[]))

    def offer_findings(self, listed: Iterable[Application]) -> None:
        """Let the findings of the listed cases be chosen from, and the rule that is chosen."""
        chosen = self.form.cleaned_data.get("finding")
        found = {chosen: chosen} if chosen and chosen != NO_EVIDENCE else {}
        for case in listed:
            for finding, words in word_all(case.findings):
                found[finding.rule] = f"{words.title} ({finding.rule})"
        titles = sorted(found.items(), key=lambda one: one[1])
        first = [("", _("All findings")), (NO_EVIDENCE, _("Evidence missing for a host name"))]
        self.form.fields["finding"].widget.choices = [*first, *titles]

    def holders_offered(self) -> Wanted:
        """Return the question for the reviewers from whom can be chosen; its answer offers them."""
        field = self.form.fields["reviewer"]

        def offer(found: Iterable[tuple[UUID, str, str]]) -> None:
            people = [(pk, str(Person(given_name=g, family_name=f))) for pk, g, f in found]
            field.widget.choices = [("", field.empty_label), *people]

        return Wanted(_holders(), offer)

    def seen(self, queryset: Cases, _name: str, value: str) -> Cases:
        return queryset.filter(ready_made.BY_ID[value].holds(self.reader))

    def typed(self, queryset: Cases, _name: str, _value: str) -> Cases:
        """Return all cases: `filter_queryset` applies the search after the other filters."""
        return queryset

    @property
    def key(self) -> keyset.Key:
        return queue_order.KEY if self.found is None else order_search.KEY | queue_order.KEY

    def count(
        self, page: keyset.Page[Application], counts: Mapping[str, keyset.Count]
    ) -> keyset.Count:
        """Return the number of cases; `counts`: those of the ready-made views and `uncounted`."""
        if self.found is not None and self.found.is_more:
            return keyset.MORE
        if self._is_of_view:
            return counts[self.form.cleaned_data.get("view", "")]
        return counts.get(LISTED, keyset.Count(len(page.rows)))

    def uncounted(self, page: keyset.Page[Application]) -> dict[str, Number]:
        """Return the query for the number of cases, if neither the page nor a view tells it."""
        is_whole = not (page.previous or page.next)
        is_told = is_whole or self._is_of_view or (self.found is not None and self.found.is_more)
        return {} if is_told else {LISTED: keyset.bounded(self.qs)}

    @property
    def _is_of_view(self) -> bool:
        """Whether the cases are those of a ready-made view, without other filters."""
        return {name for name, value in self.form.cleaned_data.items() if value} <= {"view"}
