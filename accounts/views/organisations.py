"""Views for founding an account and for choosing the organisation to act for."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import access
from accounts.acting_for import act_for
from accounts.forms import BusinessIdForm, ChooseForm
from accounts.mandates import visit
from accounts.mandates.protocol import Mandate, visited
from accounts.models import BusinessId, Organisation
from accounts.register.identifiers import business_id as read_business_id
from accounts.right_forms import MOST_DETAIL, StatementForm
from accounts.right_to_act import confirmed_administrators
from accounts.services.organisations import (
    found as found_organisations,
    join as join_organisations,
    take_back,
)
from accounts.views.redirects import landing, next_page
from accounts.views.rights import held_for, hold_document, limited
from certportal.foundation import clock
from certportal.foundation.web.pressed import pressed_on

REFUSALS = {
    found_organisations.Finding.TAKEN: "accounts/found_taken.html",
    found_organisations.Finding.MEMBER: "accounts/found_member.html",
    found_organisations.Finding.UNKNOWN: "accounts/found_unknown.html",
    found_organisations.Finding.ENDED: "accounts/found_ended.html",
}


@access.person_required
def found(request: HttpRequest) -> HttpResponse:
    """Ask for the business ID of the organisation."""
    form = BusinessIdForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("accounts:confirm", form.cleaned_data["business_id"])
    person = access.person_of(request)
    context = {
        "form": form,
        "others": access.memberships(person).exists(),
        "asked": take_back.open_anywhere(person),
    }
    return render(request, "accounts/found.html", context)


@access.person_required
def confirm(request: HttpRequest, business_id: str) -> HttpResponse:
    """Show the registers' data, take the founder's statement and found the account."""
    code = read_business_id(business_id)
    if code is None:
        return redirect("accounts:found")
    if request.method == "POST" and "visit" in request.POST and visited() is not None:
        return _visit(request, code)
    if request.method == "POST":
        return _found_account(request, code)
    person, now = access.person_of(request), clock.now()
    shown = visit.confirmed(request.session, person, code, now=now)
    typed = visit.typed(request.session, person, code)
    held = held_for(request, typed.get("attached", ""))
    form = StatementForm(initial=typed, held=held, is_shown=shown is not None)
    return _show(request, found_organisations.look_up(person, code, now=now), form)


def _visit(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a visit to the source of mandates; what was typed and chosen is kept meanwhile."""
    form = StatementForm(request.POST, request.FILES, held=held_for(request))
    hold_document(request, form)
    # Counted as a look-up, because the page of the visit names the organisation too.
    prospect = _look_up(request, code, form)
    unfit = request.FILES.get("document") and "document" in form.errors
    if form.over or unfit or prospect.finding is not found_organisations.Finding.FREE:
        return _show(request, prospect, form)
    names = ("basis", "detail", "attached")
    typed = {name: form.data.get(name, "")[:MOST_DETAIL] for name in names}
    visit.begin(request.session, access.person_of(request), code, typed, now=clock.now())
    return redirect("accounts:mandates", code)


def _look_up(request: HttpRequest, code: str, form: StatementForm) -> found_organisations.Prospect:
    """Return the prospect; without the registers' data, and with an error, if over the limit."""
    prospect = found_organisations.Prospect(code, found_organisations.Finding.FREE)
    with form.refusals_shown():
        prospect = found_organisations.look_up(access.person_of(request), code, now=clock.now())
    return prospect


def _found_account(request: HttpRequest, code: str) -> HttpResponse:
    person, now = access.person_of(request), clock.now()
    shown = visit.confirmed(request.session, person, code, now=now)
    held = held_for(request)
    form = StatementForm(request.POST, request.FILES, held=held, is_shown=shown is not None)
    hold_document(request, form)
    organisation = None
    try:
        if form.is_valid():
            organisation = _found(request, code, form, shown)
    except found_organisations.NotFoundable:
        return _show(request, found_organisations.prospect(person, code, on=clock.day(now)), form)
    if organisation is None:
        return _show(request, _look_up(request, code, form), form)
    visit.forget(request.session)
    act_for(request, organisation)
    words = _("The customer account of %(name)s has been created.")
    messages.success(request, words % {"name": organisation})
    return redirect(landing(request))


def _found(
    request: HttpRequest, code: str, form: StatementForm, shown: Mandate | None
) -> Organisation | None:
    """Found the account; None and an error of the form for a document refused, or a limit."""
    person, organisation = access.person_of(request), None
    given: dict[str, Any] = {"shown": shown} | access.acting(request)
    with form.refusals_shown():
        stated = form.cleaned_data.get("basis", ""), form.cleaned_data.get("detail", "")
        statement = found_organisations.Statement(*stated)  # empty if the form has no fields
        organisation = found_organisations.found(
            person, code, statement, paper=form.paper(), **given
        )
    return organisation


def _show(
    request: HttpRequest, prospect: found_organisations.Prospect, form: StatementForm
) -> HttpResponse:
    if prospect.finding is not found_organisations.Finding.FREE:
        holder = BusinessId.holder(prospect.business_id)
        own = take_back.open_requests(access.person_of(request), holder) if holder else None
        return render(request, REFUSALS[prospect.finding], {"prospect": prospect, "mine": own})
    person, code = access.person_of(request), prospect.business_id
    source, shown = visited(), visit.confirmed(request.session, person, code, now=clock.now())
    context = {
        "form": form,
        "prospect": prospect,
        "shown": source.in_words(shown) if source and shown else "",
        "may_visit": source is not None,
    }
    return limited(render(request, "accounts/confirm.html", context), form)


@access.person_required
@pressed_on("accounts:confirm", "business_id")
def join(request: HttpRequest, business_id: str) -> HttpResponse:
    """Ask the administrators of the existing account for an invitation, and confirm that."""
    person, code = access.person_of(request), read_business_id(business_id)
    if code is None:
        return redirect("accounts:confirm", business_id)
    asked = join_organisations.ask(person, code, **access.acting(request))
    if asked is None:
        return redirect("accounts:confirm", code)
    waits = not confirmed_administrators(asked.organisation)
    return render(request, "accounts/join_asked.html", {"business_id": code, "waits": waits})


@access.person_required
def choose(request: HttpRequest) -> HttpResponse:
    """Choose the organisation to act for; without any, redirect to founding an account."""
    person = access.person_of(request)
    current = list(access.memberships(person))
    if not current:
        return redirect("accounts:found")
    form = ChooseForm([each.organisation for each in current], request.POST or None)
    asked = request.POST.get("organisation", "")
    if asked and asked not in {str(each.organisation_id) for each in current}:
        raise access.not_found(access.actor_of(request), "organisation", _key(asked))
    if request.method == "POST" and form.is_valid():
        act_for(request, access.get_organisation(person, form.cleaned_data["organisation"]))
        return redirect(next_page(request) or landing(request))
    return render(request, "accounts/choose.html", {"form": form, "next": next_page(request)})


def _key(given: str) -> str:
    """Return the posted value if it is a UUID, else empty: events must not store free text."""
    try:
        return str(UUID(given))
    except ValueError:
        return ""
