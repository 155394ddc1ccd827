"""Requests to be made administrator: the list, and the page for deciding a request."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _, pgettext_lazy

from accounts import access
from accounts.models import AdministratorRequest
from accounts.services.organisations import administrator_requests
from applications import services
from applications.services.reviewer.accounts import to_decide
from applications.views.console.accounts import entries_of, members_of
from applications.views.console.entry import confirmed_lately, looked_at, page_of
from applications.views.shared.entry import by_person
from applications.views.shared.forms import ShownField
from certportal.foundation import clock
from certportal.foundation.web.forms import Form, LongTextField

PER_PAGE = 25


GRANT, ALONE, REFUSE = "grant", "alone", "refuse"
CHOICES: list[tuple[str, Any]] = [
    (GRANT, _("Make the person an administrator")),
    (ALONE, _("Make the person an administrator and end the memberships of those not confirmed")),
    (REFUSE, pgettext_lazy("administrator", "Refuse")),
]


class AdministratorDecisionForm(Form):
    """The decision and its reasons.

    `contested`: the account has administrators whose right is not confirmed, and the reviewer may
    end their memberships by granting the request.
    """

    def __init__(self, *args: Any, contested: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not contested:
            self.offer("decision", (choice for choice in CHOICES if choice[0] != ALONE))

    decision = forms.ChoiceField(label=_("Decision"), choices=CHOICES, widget=forms.RadioSelect)
    reasons = LongTextField(
        label=_("Reasons of the decision"),
        help_text=_("The person and the present administrators get them by email."),
    )
    shown = ShownField()


@access.reviewers_read
def requests(request: HttpRequest) -> HttpResponseBase:
    """List the requests: open ones first, then the latest decided."""
    all_requests = AdministratorRequest.objects.select_related(
        "person", "organisation", "decided_by"
    )
    ordered = all_requests.order_by(F("decided_at").desc(nulls_first=True), "asked_at")
    page = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "applications/console/administrators.html", {"page_obj": page})


def _asked(_request: HttpRequest, asking_id: int) -> str:
    asking = get_object_or_404(AdministratorRequest, pk=asking_id)
    return f"{asking.person}, {asking.organisation.name}"


@access.reviewer_required
@confirmed_lately(_("A new administrator for the account"), _asked)
def decide(request: HttpRequest, asking_id: int) -> HttpResponseBase:
    """Show a request with register, members and history, and decide it."""
    all_requests = AdministratorRequest.objects.select_related(
        "person", "organisation", "decided_by"
    )
    asking = get_object_or_404(all_requests, pk=asking_id)
    looked_at(request, asking.organisation)
    claims = _claims(asking)
    person, now = access.person_of(request), clock.now()
    obstacles_to_ending = list(to_decide(asking, person, alone=True, now=now)) if claims else []
    contested = bool(claims) and not obstacles_to_ending
    first = {"shown": administrator_requests.mark_of(asking)}
    form = AdministratorDecisionForm(request.POST or None, initial=first, contested=contested)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            services.decide_administrator(
                asking.pk,
                grant=form.cleaned_data["decision"] != REFUSE,
                alone=form.cleaned_data["decision"] == ALONE,
                reasons=form.cleaned_data["reasons"],
                shown=form.cleaned_data["shown"],
                **by_person(request),
            )
        except administrator_requests.OtherClaims as other:
            form.retype(**first)
            refusal = other
        else:
            words = _("The request has been decided, and all concerned are told.")
            messages.success(request, words)
            return redirect("console:administrators")
    context = _facts(asking) | {
        "form": form,
        "claims": claims,
        "obstacles": list(to_decide(asking, person, now=now)),
        "hindered": obstacles_to_ending,
    }
    return page_of(request, "administrator", context, refusal)


def _claims(asking: AdministratorRequest) -> list[dict[str, Any]]:
    """Return the unconfirmed administrators of the account, with the documents they handed in.

    The page shows them beside the documents of the person who asks.
    """
    found = [] if asking.decided_at else administrator_requests.claims(asking)
    return [{"membership": one, "documents": documents} for one, documents in found]


def _facts(asking: AdministratorRequest) -> dict[str, Any]:
    account = asking.organisation
    return {
        "asked": asking,
        "code": account.business_id,
        "units": entries_of(account, on=clock.day(clock.now())),
        "members": members_of(account),
        "others": account.administrator_requests.exclude(pk=asking.pk).select_related("person"),
        "joining": account.join_requests.filter(person=asking.person).last(),
        "documents": account.right_documents.filter(person=asking.person).select_related("person"),
    }
