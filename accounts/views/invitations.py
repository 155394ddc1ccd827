"""Views for inviting people to an account and for accepting an invitation."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext as _
from django.views.decorators.cache import never_cache

from accounts import access
from accounts.acting_for import act_for, member_required
from accounts.forms import CodeForm, InviteForm, ResendForm
from accounts.models import Invitation, Membership, Organisation, Person
from accounts.right_to_act import is_shown
from accounts.services.organisations import invite as invite_organisations
from accounts.services.organisations.membership import NotConfirmed
from accounts.services.people import email as addresses
from accounts.views.redirects import landing
from certportal.foundation import clock
from certportal.foundation.web.pressed import OnlyPressed


@member_required
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody to the account of the chosen organisation."""
    person, organisation = access.person_of(request), access.organisation_of(request)
    own = access.current_membership(person, organisation.pk)
    if own is not None and own.role == Membership.Role.ADMINISTRATOR and not is_shown(own):
        raise NotConfirmed
    access.require_administrator(person, organisation.pk)
    return _invite(request, organisation, {"language": get_language()})


@access.person_required
def invite_for(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Invite a person who has asked to be invited; the form is prefilled.

    The link is in a mail too, and outlasts the request.
    """
    asked = access.get_join_request(access.person_of(request), request_id)
    if asked.settled_at is not None:
        words = _(
            "This request is no longer open: the person has taken it back, or belongs to the"
            " account already. No invitation was sent."
        )
        messages.info(request, words)
        return redirect("accounts:members")
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
        now = clock.now()
        made = invite_organisations.invite(
            organisation,
            **form.cleaned_data,
            by=access.person_of(request),
            actor=access.actor_of(request),
            now=now,
        )
        if made.made_at == now:
            messages.success(request, _("The invitation was sent."))
        else:
            words = _(
                "The same invitation was sent a moment ago, so it was not sent again. If the email"
                " does not arrive, press “Send again”."
            )
            messages.info(request, words)
        return redirect("accounts:members")
    context = {"form": form, "organisation": organisation, "asker": asker}
    return render(request, "accounts/invite.html", context)


@access.person_required
def resend(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Send an invitation again, with a new link."""
    person = access.person_of(request)
    found = access.get_invitation(person, invitation_id)
    if request.method != "POST":
        return OnlyPressed(reverse("accounts:members"))
    form = ResendForm(request.POST)
    if not form.is_valid():
        raise invite_organisations.NotWaiting
    seen = form.cleaned_data["version"]
    invite_organisations.resend(found.pk, version=seen, by=person, **access.acting(request))
    messages.success(request, _("The invitation was sent again. The earlier link is dead."))
    return redirect("accounts:members")


@access.person_required
def revoke(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    person = access.person_of(request)
    found = access.get_invitation(person, invitation_id)
    if request.method != "POST":
        return OnlyPressed(reverse("accounts:members"))
    invite_organisations.revoke(found.pk, by=person, **access.acting(request))
    messages.success(request, _("The invitation was cancelled."))
    return redirect("accounts:members")


@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation to anybody with the link; an identified person accepts it by POST."""
    actor, now = access.actor_of(request), clock.now()
    found = invite_organisations.find(token, address=actor.address, now=now)
    if found is None:
        raise access.not_found(actor, "invitation", "")
    if found.state(now) != Invitation.State.WAITING:
        return render(request, "accounts/invitation_over.html", status=410)
    person: Person | None = getattr(request, "person", None)
    if person is not None and person.email_verified_at is not None:
        return _ready(request, found, token, person)
    step = "accounts:login" if person is None else "accounts:email"
    query = urlencode({"next": request.path})
    context = {"invitation": found, "step": f"{reverse(step)}?{query}"}
    return render(request, "accounts/invitation.html", context)


def _ready(request: HttpRequest, found: Invitation, token: str, person: Person) -> HttpResponse:
    """Let the person accept, with a mailed code if their address is not the invited one."""
    invite_organisations.require_outside(person, found)
    actor, now = access.actor_of(request), clock.now()
    same = invite_organisations.is_for(found, person)
    form = None if same else CodeForm()
    if request.method == "POST" and same:
        return _accept(request, found, token, person, "")
    if request.method == "POST" and "ask" in request.POST:
        addresses.ask_code_for(found, person, actor=actor, now=now)
        return redirect("accounts:invitation", token)
    if request.method == "POST":
        form = CodeForm(request.POST)
        if form.is_valid():
            try:
                return _accept(request, found, token, person, form.cleaned_data["code"])
            except addresses.WrongCode as wrong:
                form.add_error("code", str(wrong))
    context = {
        "invitation": found,
        "ready": True,
        "form": form,
        "masked": _masked(found.email),
        "pending": addresses.pending(person, invitation=found, now=now),
    }
    return render(request, "accounts/invitation.html", context)


def _masked(address: str) -> str:
    """Return the address with all but the first character of the local part hidden."""
    name, _at, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"


def _accept(
    request: HttpRequest, found: Invitation, token: str, person: Person, code: str
) -> HttpResponse:
    invite_organisations.accept(found.pk, token, person=person, code=code, **access.acting(request))
    act_for(request, found.organisation)
    messages.success(request, _("You now act for %(name)s.") % {"name": found.organisation})
    return redirect(landing(request))
