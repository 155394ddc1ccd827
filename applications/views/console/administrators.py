"""Requests to be made administrator: the list, and one with all that helps to decide it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Max
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.models import AdministratorRequest
from accounts.register import queries
from accounts.services import recovering
from applications.forms.administrators import GRANT, AdministratorDecisionForm
from certportal.foundation import clock

PER_PAGE = 25


@access.reviewer_required
@require_safe
def requests(request: HttpRequest) -> HttpResponseBase:
    """List the requests: those that wait first, then the latest."""
    found = AdministratorRequest.objects.select_related("person", "organisation", "decided_by")
    ordered = found.order_by(F("decided_at").desc(nulls_first=True), "asked_at")
    page = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "applications/console/administrators.html", {"page_obj": page})


@access.reviewer_required
@access.reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, asking_id: int) -> HttpResponseBase:
    """Show one request with register, members and history, and decide it."""
    found = AdministratorRequest.objects.select_related("person", "organisation", "decided_by")
    asked = get_object_or_404(found, pk=asking_id)
    form = AdministratorDecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        recovering.decide(
            asked.pk,
            grant=form.cleaned_data["decision"] == GRANT,
            reasons=form.cleaned_data["reasons"],
            by=access.person_of(request),
            actor=access.actor_of(request),
            now=clock.now(),
        )
        messages.success(request, _("The request has been decided, and all concerned are told."))
        return redirect("console:administrators")
    context = _facts(asked) | {
        "form": form,
        "may_decide": recovering.may_decide(access.person_of(request), asked, now=clock.now()),
    }
    return render(request, "applications/console/administrator.html", context)


def _facts(asked: AdministratorRequest) -> dict[str, Any]:
    account = asked.organisation
    code = account.business_ids.filter(valid_to=None).values_list("code", flat=True).first() or ""
    members = account.memberships.select_related("person")
    return {
        "asked": asked,
        "code": code,
        "units": queries.find_units(code, on=clock.day(clock.now())),
        "members": members.annotate(seen=Max("person__logins__last_login")).order_by(
            F("ended_at").desc(nulls_first=True), "begun_at"
        ),
        "others": account.administrator_requests.exclude(pk=asked.pk).select_related("person"),
        "joining": account.join_requests.filter(person=asked.person).last(),
        "documents": account.right_documents.filter(person=asked.person).select_related("person"),
    }
