"""The imports of the registers: the age of each mirror, each run, and accepting a held one."""

from collections.abc import Container
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy, pgettext_lazy

from accounts import access
from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRun
from applications import services
from applications.register_watch.wording import REGISTERS
from applications.views.console.entry import confirm_again
from applications.views.console.register.forms import AcceptForm
from applications.views.shared.entry import by_person
from applications.views.shared.history import names_of, who
from certportal.foundation import clock

PER_PAGE = 50
SCOPES: dict[str, Promise] = {
    RegisterRun.Scope.FULL: gettext_lazy("The whole register"),
    RegisterRun.Scope.DELTA: gettext_lazy("What has changed"),
}
OUTCOMES: dict[str, tuple[Promise, str]] = {
    RegisterRun.Outcome.RUNNING: (pgettext_lazy("import", "Running"), "info"),
    RegisterRun.Outcome.DONE: (pgettext_lazy("import", "Done"), "success"),
    RegisterRun.Outcome.HELD: (pgettext_lazy("import", "Stopped: waits for a person"), "warning"),
    RegisterRun.Outcome.FAILED: (pgettext_lazy("import", "Failed"), "error"),
}
LET_THROUGH = (gettext_lazy("Let through"), "info")
"""An import that stopped, and that a person let through since."""
BROKEN_OFF = (pgettext_lazy("import", "Broken off"), "error")
"""An import whose process ended before it."""


@access.reviewers_read
def runs(request: HttpRequest) -> HttpResponseBase:
    """List the imports, latest first, and show the age of each mirror."""
    at_work = queries.runs_at_work()
    all_runs = RegisterRun.objects.order_by("-started_at", "-pk")
    page = Paginator(all_runs, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "rows": [_row(run, at_work) for run in page],
        "mirrors": [_mirror(kind, clock.now()) for kind in Kind],
    }
    return render(request, "applications/console/runs.html", context)


@access.reviewer_required
def run(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """Show an import; a held one can be accepted with a reason."""
    shown = get_object_or_404(RegisterRun, pk=run_id)
    asks = shown.outcome == RegisterRun.Outcome.HELD and shown.accepted_at is None
    if asks and request.method != "POST" and (leading := access.lead_to_reauthenticate(request)):
        return leading
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act, name = gettext_lazy("Let the import through"), f"{REGISTERS[shown.kind]}, {shown.pk}"
        if asking := confirm_again(request, act, lambda: name):
            return asking
        services.accept_held_import(shown.pk, **form.cleaned_data, **by_person(request))
        messages.success(request, _("The next import may end these units."))
        return redirect("console:register_run", shown.pk)
    accepted_by = who(shown.accepted_by, names_of([shown.accepted_by]))
    asked = {"form": form, "asks": asks, "accepted_by": accepted_by}
    context = _row(shown, queries.runs_at_work()) | asked
    return render(request, "applications/console/run.html", context)


def _row(run: RegisterRun, at_work: Container[int]) -> dict[str, Any]:
    broken_off = run.outcome == RegisterRun.Outcome.RUNNING and run.pk not in at_work
    label, tone = OUTCOMES[run.outcome] if run.accepted_at is None else LET_THROUGH
    if broken_off:
        label, tone = BROKEN_OFF
    return {
        "broken_off": broken_off,
        "run": run,
        "name": REGISTERS[run.kind],
        "scope": SCOPES[run.scope],
        "outcome": label,
        "tone": tone,
    }


def _mirror(kind: Kind, now: datetime) -> dict[str, Any]:
    age = queries.register_age(now, kind=kind)
    return {
        "name": REGISTERS[kind],
        "since": None if age is None else now - age,
        "fresh": queries.is_fresh(now, kind=kind),
    }
