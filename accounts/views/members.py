"""Views of an account's members: list, role, removing and leaving."""

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.acting_for import member_required
from accounts.forms import RoleForm
from accounts.models import Invitation, Organisation
from accounts.right_to_act import is_shown
from accounts.services.organisations import join, membership as services
from certportal.foundation import clock


@member_required
@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """List the account's members; to administrators also invitations and requests to join.

    A member whose right is unconfirmed sees only themselves.
    """
    person, organisation = access.person_of(request), access.organisation_of(request)
    own = access.current_membership(person, organisation.pk)
    shown = own is not None and is_shown(own)
    administers = own is not None and access.administers(own)
    current = organisation.memberships.filter(ended_at=None).select_related("person")
    if administers:
        current = current.annotate(seen_at=Max("person__logins__last_login"))
    if not shown:
        current = current.filter(person=person)
    invitations = _invitations(organisation) if administers else []
    context = {
        "organisation": organisation,
        "administers": administers,
        "code": organisation.business_id,
        "members": current.order_by("person__family_name", "person__given_name"),
        "invitations": invitations[: join.NEWEST],
        "more_invitations": len(invitations) > join.NEWEST,
        "shown": shown,
        "asked": join.waiting(organisation, [each for each, *_ in invitations], now=clock.now())
        if administers
        else [],
    }
    return render(request, "accounts/members.html", context)


def _invitations(organisation: Organisation) -> list[tuple[Invitation, str, bool]]:
    """Return the newest invitations, each with its state's name and whether it can be resent.

    They are `join.NEWEST`, and one more if there are more.
    """
    now, states = clock.now(), Invitation.State
    found = organisation.invitations.select_related("accepted_by")[: join.NEWEST + 1]
    return [
        (each, str(state.label), state in {states.WAITING, states.EXPIRED})
        for each in found
        for state in [each.state(now)]
    ]


@access.person_required
def member(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Show a member to an administrator and change the role."""
    person = access.person_of(request)
    found = access.get_membership(person, membership_id)
    form = RoleForm(request.POST or None, initial={"role": found.role})
    if request.method == "POST" and form.is_valid():
        role = form.cleaned_data["role"]
        services.change_role(found.pk, role, by=person, **access.acting(request))
        messages.success(request, _("The role has been changed."))
        return redirect("accounts:members")
    return render(request, "accounts/member.html", {"form": form, "membership": found})


@access.person_required
def remove(request: HttpRequest, membership_id: int) -> HttpResponse:
    person = access.person_of(request)
    found = access.get_membership(person, membership_id)
    if request.method == "POST":
        services.remove(found.pk, by=person, **access.acting(request))
        messages.success(request, _("The person was removed from the account."))
        return redirect("accounts:members")
    return render(request, "accounts/member_remove.html", {"membership": found})


@member_required
def leave(request: HttpRequest) -> HttpResponse:
    person, organisation = access.person_of(request), access.organisation_of(request)
    own = access.current_membership(person, organisation.pk)
    if own is not None and request.method == "POST":
        services.leave(own.pk, **access.acting(request))
        messages.success(request, _("You have left the account."))
        return redirect("accounts:profile")
    refusal = services.to_leave(own) if own is not None else None
    context = {
        "organisation": organisation,
        "refusal": refusal,
        "authority_ends_it": isinstance(refusal, services.NobodyConfirmed),
    }
    return render(request, "accounts/leave.html", context)
