"""Changes in the registers that affect certificates: the list, and the decision on each."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _, gettext_lazy

from accounts import access
from accounts.register.lookup import queries
from applications import services
from applications.models import RevocationProposal
from applications.models.register_task import RegisterTask
from applications.register_watch.wording import SENTENCES, differences
from applications.rules.revocation_wanted import is_being_proposed, proposed_upon, unproposed
from applications.services.reviewer.register_changes import AlreadyDecided, MoreTouched, to_decide
from applications.views.console.entry import confirm_again, looked_at, page_of
from applications.views.console.register.forms import DecisionForm
from applications.views.shared.entry import by_person
from applications.views.shared.rows import certificate_rows
from certportal.foundation import clock
from issuance.models import Certificate

PER_PAGE = 50


@access.reviewers_read
def tasks(request: HttpRequest) -> HttpResponseBase:
    """List the changes that wait for a decision, or with ?decided the decided ones."""
    decided = "decided" in request.GET
    register_tasks = RegisterTask.objects.select_related("organisation", "then", "decided_by")
    register_tasks = (
        register_tasks.exclude(outcome="") if decided else register_tasks.filter(outcome="")
    )
    register_tasks = register_tasks.annotate(touched=Count("certificates"))
    order = ("-decided_at", "-pk") if decided else ("opened_at", "pk")
    page = Paginator(register_tasks.order_by(*order), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "decided": decided, "held": queries.waiting_runs()}
    return render(request, "applications/console/register.html", context)


@access.reviewer_required
def task(request: HttpRequest, task_id: int) -> HttpResponseBase:
    """Show a change with the certificates it affects, and decide about it.

    The form is filled in with the proposed outcome, so that one click carries it out.
    """
    register_tasks = RegisterTask.objects.select_related(
        "organisation", "then", "present", "decided_by"
    )
    shown = get_object_or_404(register_tasks, pk=task_id)
    looked_at(request, shown.organisation)
    first = {"outcome": shown.proposal, "reasons": SENTENCES[shown.change]}
    first["touched"] = shown.certificates.count()
    form = DecisionForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        # Revoking is one of the outcomes.
        act = gettext_lazy("Change in the register")
        if asking := confirm_again(request, act, lambda: shown.then.long_name):
            return asking
        try:
            services.decide_register_task(shown.pk, **form.cleaned_data, **by_person(request))
        except (AlreadyDecided, MoreTouched) as refusal:
            shown.refresh_from_db()
            form.retype(touched=str(shown.certificates.count()))
            return _show(request, shown, form, refusal)
        messages.success(request, _("The decision was made and the organisation told."))
        return redirect("console:register_task", shown.pk)
    return _show(request, shown, form)


def _show(
    request: HttpRequest,
    shown: RegisterTask,
    form: DecisionForm,
    refusal: AlreadyDecided | MoreTouched | None = None,
) -> HttpResponse:
    now = clock.now()
    touched = shown.certificates.order_by("-issued_at", "-pk")
    page = Paginator(touched, PER_PAGE).get_page(request.GET.get("page"))
    proposed = proposed_upon(shown) if shown.decided_at else RevocationProposal.objects.none()
    is_waiting = bool(shown.decided_at) and is_being_proposed(shown)
    lacking = Certificate.objects.none() if is_waiting else unproposed(shown, now=now)
    context = {
        "task": shown,
        "sentence": SENTENCES[shown.change],
        "differences": differences(shown),
        "form": form,
        "proposed": proposed.values("certificate_id").distinct().count(),
        "is_being_proposed": is_waiting,
        "unproposed": set(lacking.values_list("pk", flat=True)),
        "obstacles": list(to_decide(shown, access.person_of(request), now=now)),
        "page_obj": page,
        "rows": certificate_rows(page, now=now),
    }
    return page_of(request, "register_task", context, refusal)
