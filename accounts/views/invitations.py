"""Inviting people to the account, and accepting an invitation."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.forms import InviteForm
from accounts.models import Invitation, Membership, Organisation, Person
from accounts.services import inviting
from accounts.views.going import landing
from accounts.views.organisations import act_for
from certportal.foundation import clock


@access.member_required
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody to the account acted for."""
    organisation = access.organisation_of(request)
    access.require_administrator(access.person_of(request), organisation.pk)
    return _invite(request, organisation, {"language": get_language()})


@access.person_required
@require_http_methods(["GET", "POST"])
def invite_for(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Invite somebody who has asked for it: the form is filled in."""
    asked = access.get_join_request(access.person_of(request), request_id)
    known = {
        "email": asked.person.email,
        "role": Membership.Role.APPLICANT,
        "language": asked.person.language,
    }
    return _invite(request, asked.organisation, known, asked.person)


def _invite(
    request: HttpRequest,
    organisation: Organisation,
    known: Mapping[str, str | None],
    asker: Person | None = None,
) -> HttpResponse:
    form = InviteForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        inviting.invite(
            organisation,
            **form.cleaned_data,
            by=access.person_of(request),
            actor=access.actor_of(request),
            now=clock.now(),
        )
        messages.success(request, _("The invitation was sent."))
        return redirect("accounts:members")
    context = {"form": form, "organisation": organisation, "asker": asker}
    return render(request, "accounts/invite.html", context)


@access.person_required
@require_http_methods(["GET", "POST"])
def resend(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Send an invitation again, with a new link."""
    found = access.get_invitation(access.person_of(request), invitation_id)
    if request.method == "POST":
        inviting.resend(found.pk, actor=access.actor_of(request), now=clock.now())
        messages.success(request, _("The invitation was sent again. The earlier link is dead."))
    return redirect("accounts:members")


@access.person_required
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Cancel an invitation."""
    found = access.get_invitation(access.person_of(request), invitation_id)
    if request.method == "POST":
        inviting.revoke(found.pk, actor=access.actor_of(request), now=clock.now())
        messages.success(request, _("The invitation was cancelled."))
    return redirect("accounts:members")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation to whoever has the link; an identified person accepts it by POST."""
    actor, now = access.actor_of(request), clock.now()
    found = inviting.find(token, address=actor.address, now=now)
    if found is None:
        raise access.not_found(actor, "invitation", "")
    if found.state(now) != Invitation.State.WAITING:
        return render(request, "accounts/invitation_over.html", status=410)
    person: Person | None = getattr(request, "person", None)
    ready = person is not None and person.email_verified_at is not None
    if person is not None and ready and request.method == "POST":
        return _accept(request, found, token, person)
    step = "accounts:login" if person is None else "accounts:email"
    query = urlencode({"next": request.path})
    context = {"invitation": found, "ready": ready, "step": f"{reverse(step)}?{query}"}
    return render(request, "accounts/invitation.html", context)


def _accept(request: HttpRequest, found: Invitation, token: str, person: Person) -> HttpResponse:
    actor = access.actor_of(request)
    inviting.accept(found.pk, token, person=person, actor=actor, now=clock.now())
    act_for(request, found.organisation)
    messages.success(request, _("You now act for %(name)s.") % {"name": found.organisation})
    return redirect(landing(request))
