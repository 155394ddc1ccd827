"""Mass replacements: the plans, the approval of a plan, and its prepared certificates."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.page_reading import read_once
from applications import services
from applications.checks.wording import word_all
from applications.models import Application, Replacement, ReplacementApproval, ReplacementItem
from applications.replacement import differences
from applications.rules.void_reasons import void_reason
from applications.services.reviewer.replaced_certificates import without_successor
from applications.services.reviewer.replacement import PlanOver
from applications.views.console import passkey
from applications.views.console.case import case_context
from applications.views.shared.entry import by_person
from certportal.foundation import clock
from certportal.foundation.web.forms import Form
from issuance.models import PreparedCertificate

PER_PAGE = 50
APPROVALS = Prefetch("approvals", ReplacementApproval.objects.select_related("person"))
State = ReplacementItem.State
NOT_REVOKED = _(
    "The old certificate is not revoked as replaced, because the new one has been revoked."
)
TONES = {State.ISSUED: "success", State.REFUSED: "warning", State.LEFT_OUT: "warning"}


class PlanForm(Form):
    """The digest of the plan that the page showed."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)


@read_once
@access.reviewers_read
def plans(request: HttpRequest) -> HttpResponseBase:
    """List the plans, the newest first."""
    every = Replacement.objects.prefetch_related(APPROVALS)
    page = Paginator(every, PER_PAGE).get_page(request.GET.get("page"))
    numbers = _numbers(*page)
    open_ = set(services.open_replacements(clock.now()).values_list("pk", flat=True))
    rows = [_row(plan, numbers[plan.pk]) | {"over": plan.pk not in open_} for plan in page]
    context = {"page_obj": page, "rows": rows}
    return render(request, "applications/console/replacements.html", context)


@access.reviewer_required
def plan(request: HttpRequest, plan_id: int) -> HttpResponseBase:
    """Show a plan with its certificates, and approve exactly the plan shown."""
    shown = get_object_or_404(Replacement, pk=plan_id)
    if request.method != "POST":
        return render(request, "applications/console/replacement.html", _context(request, shown))
    form = PlanForm(request.POST)
    if not form.is_valid():
        raise PlanOver
    arguments = form.cleaned_data | passkey.given(request, _decided(shown)) | by_person(request)
    services.approve_replacement(shown.pk, **arguments)
    passkey.note(request, arguments)
    messages.success(request, _("You approved the plan."))
    return redirect("console:replacement", shown.pk)


@access.reviewers_read
def prepared_item(request: HttpRequest, plan_id: int, certificate_id: int) -> HttpResponseBase:
    items = ReplacementItem.objects.select_related("replacement", "certificate")
    item = get_object_or_404(items, pk=certificate_id, replacement=plan_id)
    attempt = PreparedCertificate.objects.filter(pk=item.prepared_id or 0).first()
    if attempt is None or not attempt.tbs_sha256:
        raise Http404
    context = {"item": item, "latest": attempt, "lint": word_all(attempt.findings)}
    context |= case_context.shown(attempt) | {"parts": differences.labels(item.changes)}
    return render(request, "applications/console/replacement_one.html", context)


def waiting(now: datetime) -> int:
    return sum(
        len(services.standing_approvals(plan)) < services.PERSONS_FOR_REPLACEMENT
        for plan in services.open_replacements(now).prefetch_related(APPROVALS)
    )


def _numbers(*plans: Replacement) -> dict[int, dict[str, int]]:
    """Return how many certificates of each plan are in each state, by one query."""
    of_plans = ReplacementItem.objects.filter(replacement__in=plans).order_by()
    found: dict[int, dict[str, int]] = {plan.pk: {} for plan in plans}
    for plan, state, number in of_plans.values_list("replacement", "state").annotate(Count("pk")):
        found[plan][state] = number
    return found


def _row(plan: Replacement, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "plan": plan,
        "counts": [(str(state.label), counts[state]) for state in State if state in counts],
        "given": len(services.standing_approvals(plan)),
        "wanted": services.PERSONS_FOR_REPLACEMENT,
    }


def _context(request: HttpRequest, plan: Replacement) -> dict[str, Any]:
    person = access.person_of(request)
    page = Paginator(plan.items.select_related("certificate"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    orders = Application.objects.prefetch_related("host_names").in_bulk(
        [item.certificate.reference for item in page]
    )
    changed = plan.items.exclude(state=State.LEFT_OUT).values_list("changes", flat=True)
    approvals = services.standing_approvals(plan)
    alone = without_successor(list(page), now=clock.now()) if plan.revoke_on else set()
    mine = any(approval.person_id == person.pk for approval in approvals)
    obstacle = next(services.to_approve_replacement(plan, person, now=clock.now()), None)
    decided = None if mine or obstacle else _decided(plan)
    shown = {
        "approvals": approvals,
        "mine": mine,
        "obstacle": obstacle,
        "changes": differences.counted(name for names in changed for name in names),
        "page_obj": page,
        "rows": [_item(item, orders, item.pk in alone) for item in page],
        "form": PlanForm(initial={"digest": plan.digest}),
    }
    return _row(plan, _numbers(plan)[plan.pk]) | shown | passkey.page(request, decided)


def _decided(plan: Replacement) -> passkey.Decided:
    attempts = PreparedCertificate.objects.filter(pk__in=plan.planned.values("prepared_id"))
    environments = attempts.order_by().values_list("environment", flat=True).distinct()
    return passkey.Decided(services.plan_to_sign(plan), list(environments))


def _item(item: ReplacementItem, orders: dict[Any, Application], alone: bool) -> dict[str, Any]:
    """Return a row; `alone`: only the old certificate is in force, so it is not revoked."""
    order = orders.get(item.certificate.reference)
    return {
        "item": item,
        "order": order,
        "name": order.called if order else item.certificate.serial,
        "tone": TONES.get(State(item.state), ""),
        "reason": NOT_REVOKED if alone else void_reason(item.reason),
        "parts": differences.labels(item.changes),
    }
