"""The queue: oldest promise first."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import AdministratorRequest, Person
from accounts.register.lookup import queries
from applications.models import Application, RevocationProposal
from applications.models.register_task import RegisterTask
from applications.rules import case_holder, impartiality, queue_order, waivers
from applications.views.console import replacements, spreadsheet
from applications.views.console.queue import export
from applications.views.console.queue.filters import QueueFilter
from applications.views.shared.due import due
from applications.views.shared.rows import standings
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.outbox import set_aside
from issuance import services as authority

PAGE = 25
VIEWS = (
    ("", gettext_lazy("All open")),
    ("holder=mine", gettext_lazy("Mine")),
    ("holder=free", gettext_lazy("Free")),
    ("status=info_requested", gettext_lazy("Waiting for information")),
    ("due=late", gettext_lazy("Late")),
)


@access.reviewer_required
@require_safe
def queue(request: HttpRequest) -> HttpResponseBase:
    """Show the cases, narrowed as the reader asked."""
    narrowed = narrow(request)
    page = Paginator(narrowed.qs, PAGE).get_page(request.GET.get("page"))
    now = clock.now()
    stand = standings(list(page), now=now)
    rows = [
        {
            "case": one,
            "is_test": one.kind.is_test,
            "due": due(one, now=now),
            "standing": stand[one.pk],
        }
        for one in page
    ]
    context = {
        "filter": narrowed,
        "page_obj": page,
        "rows": rows,
        "chips": chips(narrowed, request),
        "views": saved_views(request),
        "administrator_requests": AdministratorRequest.objects.filter(decided_at=None).count(),
        "blocked_in_force": authority.blocked_in_force(now=now).count(),
        "set_aside": set_aside.items().count(),
        "held_imports": queries.waiting_runs(),
        "changes": RegisterTask.objects.filter(outcome="").count(),
        "waivers_ending": waivers.ending_soon(clock.day(now)).count(),
        "proposals": proposals(),
        "replacements": replacements.waiting(),
    }
    return render(request, "applications/console/queue.html", context)


@access.reviewer_required
@require_safe
def queue_csv(request: HttpRequest) -> HttpResponseBase:
    """Hand out the same list as a file for a spreadsheet."""
    rows = export.rows(narrow(request).qs, now=clock.now())
    return spreadsheet.answer("queue", export.head(), rows)


@access.reviewer_required
@require_safe
def next_case(request: HttpRequest) -> HttpResponseBase:
    """Lead to the case with the oldest promise among the reader's own and the free ones.

    From a case of those, which the address names, it goes on to the one after it, so that pressing
    it again and again leads through them all, once.
    """
    person = access.person_of(request)
    waiting = cases().filter(Q(reviewer=person) | case_holder.free(), status=Status.IN_REVIEW)
    after, now, found = request.GET.get("after", ""), clock.now(), list(waiting)
    passed = next((place for place, one in enumerate(found, 1) if one.number == after), 0)
    left = (one for one in found[passed:] if not impartiality.bias(person, one, now=now))
    first = next(left, None)
    if first is not None:
        return redirect("console:case", first.pk)
    through = _("That was the last of the cases that wait for you.")
    messages.info(request, through if passed else _("No other case is waiting for you."))
    return redirect("console:queue")


def cases() -> QuerySet[Application]:
    """Return every submitted application, the oldest promise first."""
    submitted = Application.objects.exclude(status=Status.DRAFT)
    related = submitted.select_related("organisation", "reviewer")
    filled = related.prefetch_related("requests", "organisation__business_ids")
    return queue_order.ordered(filled)


def proposals() -> QuerySet[RevocationProposal]:
    """Return the revocations that wait for a second reviewer, the oldest first."""
    waiting = RevocationProposal.objects.filter(closed_at=None)
    return waiting.select_related("application__organisation", "maker")


def narrow(request: HttpRequest) -> QueueFilter:
    """Return the filter with what the address says."""
    person: Person = access.person_of(request)
    return QueueFilter(request.GET, queryset=cases(), person=person)


def chips(narrowed: QueueFilter, request: HttpRequest) -> list[dict[str, str]]:
    """Return each filter in force, in words, with the address that leaves it out."""
    found = []
    for name, value in narrowed.form.cleaned_data.items():
        if value:
            rest = {key: one for key, one in request.GET.items() if key not in {name, "page"}}
            choices = dict(getattr(narrowed.form.fields[name], "choices", ()))
            label = f"{narrowed.form.fields[name].label}: {choices.get(value, value)}"
            found.append({"label": label, "href": f"?{urlencode(rest)}"})
    return found


def saved_views(request: HttpRequest) -> list[dict[str, object]]:
    """Return the ready-made views; the one that is open is marked."""
    current = urlencode({key: one for key, one in request.GET.items() if one and key != "page"})
    address = reverse("console:queue")
    return [
        {
            "label": label,
            "href": f"{address}?{query}" if query else address,
            "current": query == current,
        }
        for query, label in VIEWS
    ]
