"""Pages on which superusers give and take the staff's roles and reset second factors."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Person, StaffRole, User
from accounts.services.people import second_factor
from accounts.services.people.named import people_named
from accounts.services.rights import staff_roles
from certportal.foundation.errors import Refused
from certportal.foundation.web import refusals
from certportal.foundation.web.search_form import SearchForm

MOST_FOUND = 25
KINDS: dict[str, Promise] = {
    StaffRole.Kind.REVIEWER: _("Reviewer"),
    StaffRole.Kind.LEAD: _("Lead of the reviewers"),
    StaffRole.Kind.AUDITOR: _("Auditor"),
}
SUPERUSER = _("Superuser")
GIVING: dict[str, tuple[Promise, Callable[..., object]]] = {
    "grant_reviewer": (_("Give the reviewer's role"), staff_roles.grant_reviewer),
    "grant_lead": (_("Let them lead the reviewers"), staff_roles.grant_lead),
    "grant_auditor": (_("Give the auditor's role"), staff_roles.grant_auditor),
}
ENDING: dict[str, tuple[Promise, Callable[..., object]]] = {
    "end_reviewer": (_("Take the reviewer's role away"), staff_roles.end_reviewer),
    "end_lead": (_("Take the lead's role away"), staff_roles.end_lead),
    "end_auditor": (_("Take the auditor's role away"), staff_roles.end_auditor),
    "reset_second_factor": (_("Reset the second factor"), second_factor.reset),
}


def person_search(request: HttpRequest) -> SearchForm:
    """Return the form that finds a person, filled in by the query."""
    hint = _("Name, email address or login.")
    return SearchForm(request.GET, label=_("Search for a person"), help_text=hint)


@access.superuser_required
@require_safe
def staff(request: HttpRequest) -> HttpResponseBase:
    """List the holders of roles, the superusers, and the people that a search finds."""
    form = person_search(request)
    held = StaffRole.objects.filter(ended_at=None).select_related("person", "granted_by")
    superusers = User.objects.filter(is_superuser=True, is_active=True)
    context = {
        "form": form,
        "query": form.words,
        **(_search(form.words) if form.words else {}),
        "roles": [
            (role, KINDS[role.kind]) for role in held.order_by("person__family_name", "kind")
        ],
        "superusers": Person.objects.filter(logins__in=superusers).distinct(),
    }
    return render(request, "accounts/staff.html", context)


@access.superuser_required
@access.reauthentication_required
def member(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Show a person's roles and logins; a button gives or takes one, recorded by its service."""
    person = get_object_or_404(Person, pk=person_id, merged_into=None)
    if request.method == "POST" and (act := _act(request)):
        try:
            login: Any = request.user
            staff_roles.as_superuser(login, act, person, **access.acting(request))
        except Refused as refusal:
            refusals.record_act(request, refusal)
            return _page(request, person, refusal)
        messages.success(request, _("Done, and recorded."))
        return redirect("staff:member", person.pk)
    return _page(request, person)


def _act(request: HttpRequest) -> Callable[..., object] | None:
    """Return the service whose button was pressed, or None."""
    name = request.POST.get("act", "")
    if name in GIVING:
        return partial(GIVING[name][1], by=access.person_of(request))
    return ENDING[name][1] if name in ENDING else None


def _page(request: HttpRequest, person: Person, refusal: Refused | None = None) -> HttpResponseBase:
    roles = person.staff_roles.select_related("granted_by").order_by("-granted_at")
    held = {role.kind for role in roles if role.ended_at is None}
    offered = [f"end_{kind}" if kind in held else f"grant_{kind}" for kind in KINDS]
    labels = {name: label for name, (label, _act) in (GIVING | ENDING).items()}
    context: dict[str, Any] = {
        "member": person,
        "refusal": refusal,
        "roles": [(role, KINDS[role.kind]) for role in roles],
        "logins": person.logins.order_by("username"),
        "acts": [(act, labels[act]) for act in [*offered, "reset_second_factor"]],
    }
    status = refusal.status if refusal else 200
    return render(request, "accounts/staff_member.html", context, status=status)


def _search(query: str) -> dict[str, Any]:
    found = people_named(query).order_by("family_name", "given_name", "pk")[: MOST_FOUND + 1]
    return {"found": found[:MOST_FOUND], "is_cut": len(found) > MOST_FOUND}
