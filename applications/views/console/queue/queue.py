"""The queue: the earliest promised day first."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.choices import flatten_choices
from django.utils.translation import gettext_lazy as _

from accounts import access
from applications import services
from applications.models import Application
from applications.views.console.queue import ready_made
from applications.views.console.queue.filters import QueueFilter
from applications.views.console.queue.rows import rows
from applications.views.shared import spreadsheet
from applications.views.shared.rows import standings
from applications.workflow import OPEN_CASES
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Values, Wanted, first
from certportal.foundation.web import keyset, queries
from certportal.foundation.web.keyset import Beyond
from certportal.foundation.web.queries import kept_query

PAGE = 25
SHOWN = (
    *("number", "status", "type", "due_on", "submitted_at", "aside_until", "findings"),
    *("system_name", "certified_email", "reviewer__given_name", "reviewer__family_name"),
    *("organisation__name", "submission__person", "submission__record__long_name"),
)
"""The columns of cases and of their related rows that the list shows or is ordered by."""


@access.reviewers_read
def queue(request: HttpRequest) -> HttpResponseBase:
    narrowed = narrow(request)
    page = page_of(narrowed, request)
    narrowed.offer_findings(page.rows)
    typed = narrowed.form.cleaned_data.get("q", "")
    listed = rows(page.rows, narrowed.reader, narrowed.holders_offered(), typed=typed)
    counts = keyset.counts(ready_made.numbers(narrowed.reader) | narrowed.uncounted(page))
    active = []
    for name, value in narrowed.form.cleaned_data.items():
        if value and name != "view":
            without = queries.kept_query(request, **{name: None, "page": None})
            widget = narrowed.form.fields[name].widget
            choices = dict(flatten_choices(getattr(widget, "choices", ())))
            label = f"{narrowed.form.fields[name].label}: {choices.get(value, value)}"
            active.append({"label": label, "href": without})
    context = {
        "filter": narrowed,
        "page": page,
        "count": narrowed.count(page, counts),
        "rows": listed,
        "chips": active,
        "views": saved_views(narrowed, counts),
        "to_take": counts[ready_made.TO_TAKE.id],
        "empty": ready_made.BY_ID[narrowed.form.cleaned_data.get("view") or ""].empty,
    }
    return render(request, "applications/console/queue.html", context)


@access.reviewers_read
def queue_csv(request: HttpRequest) -> HttpResponseBase:
    narrowed = narrow(request)
    services.record_list_exported("queue", **access.acting(request))
    lines = csv_lines(narrowed.qs, narrowed.key, now=clock.now())
    return spreadsheet.table("queue", CSV_COLUMNS, lines)


def page_of(narrowed: QueueFilter, request: HttpRequest) -> keyset.Page[Application]:
    """Return the page of cases. What was found by a search is sorted before it is read whole."""
    cases = narrowed.qs
    if narrowed.found is not None and len(narrowed.found.orders) > PAGE:
        return keyset.page_of(cases, request, narrowed.key, most=PAGE, fill=filled)
    return keyset.page_of(filled(cases), request, narrowed.key, most=PAGE)


def filled(cases: QuerySet[Application]) -> QuerySet[Application]:
    """Return the cases with only the columns that their rows show."""
    related = cases.select_related("organisation", "reviewer", "submission__record")
    return related.only(*SHOWN).prefetch_related("host_names")


def narrow(request: HttpRequest) -> QueueFilter:
    reader = ready_made.Reader(access.person_of(request), clock.now())
    return QueueFilter(request.GET, queryset=ready_made.cases(), reader=reader)


def saved_views(
    narrowed: QueueFilter, counts: Mapping[str, keyset.Count]
) -> list[dict[str, object]]:
    """Return the ready-made views with their numbers of cases, the one that is listed marked."""
    address = reverse("console:queue")
    chosen = narrowed.form.cleaned_data.get("view") or ("" if narrowed.is_of_open else None)
    return [
        {
            "label": view.label,
            "href": f"{address}?view={view.id}" if view.id else address,
            "count": counts[view.id],
            "current": view.id == chosen,
        }
        for view in ready_made.VIEWS
    ]


CSV_READ = ("number", "organisation", "type", "status", "due_on", "submitted_at", "reviewer")


class Line(NamedTuple):
    """A case, and its status in words."""

    case: Application
    standing: str


# With days in ISO 8601 for sorting.
CSV_COLUMNS: spreadsheet.Columns[Line] = [
    (_("Order"), lambda line: line.case.number),
    (_("Organisation"), lambda line: line.case.organisation.name),
    (_("Business ID"), lambda line: line.case.organisation.business_id),
    (_("Type of certificate"), lambda line: str(line.case.kind.label)),
    (_("Environment"), lambda line: "test" if line.case.kind.is_test else "production"),
    (_("Status"), lambda line: line.standing),
    (_("Promised day"), lambda line: line.case.due_on.isoformat() if line.case.due_on else ""),
    (_("Reviewer"), lambda line: str(line.case.reviewer or "")),
    (_("Submitted"), lambda line: _day(line.case.submitted_at)),
]


def csv_lines(cases: QuerySet[Application], key: keyset.Key, *, now: datetime) -> Iterator[Line]:
    filled = cases.only(*CSV_READ).prefetch_related("organisation__business_ids", "reviewer")
    for batch in keyset.walk(filled, key, most=spreadsheet.BATCH):
        stand = standings(batch, now=now)
        yield from (Line(case, stand[case.pk].label) for case in batch)


def _day(at: datetime | None) -> str:
    return clock.day(at).isoformat() if at else ""


def neighbours(request: HttpRequest, case: Application) -> tuple[dict[str, Any], list[Wanted]]:
    """Return the context of the links to the list and to the cases beside this one in it.

    The query of the case's page is that of the list. The cases, each its number and key, come into
    the context when what is wanted has been asked. The case itself need not be in the list any
    more; a closed one has no place among all open cases.
    """
    context: dict[str, Any] = {"list_url": reverse("console:queue") + kept_query(request)}
    narrowed = narrow(request)
    if narrowed.is_of_open and case.status not in OPEN_CASES:
        return context, []
    cases, key = narrowed.qs, narrowed.key
    is_exact = narrowed.found is not None and str(case.pk) in narrowed.found.exact
    place = {
        "is_other": not is_exact,
        "queue_day": case.due_on or date.max,
        "submitted_at": case.submitted_at,
        "number": case.number,
    }
    edge = [place[name] for name in key]

    def wanted(name: str, sign: str, down: str) -> Wanted:
        found = cases.filter(Beyond(key, edge, sign)).order_by(*(f"{down}{part}" for part in key))
        nearest = Values(found.values_list("number", "pk")[:1], 2)
        return Wanted(nearest, lambda rows: context.update({name: first(rows)}))

    return context, [wanted("earlier_case", "<", "-"), wanted("later_case", ">", "")]
