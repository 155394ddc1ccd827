"""Revoking as a reviewer: alone when the key is exposed, else by two persons."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.models import Person
from applications import services
from applications.delivery import certificate_of
from applications.forms.revoking import ConfirmForm, DeclineForm, ReviewerForm, WithdrawForm
from applications.models import Application, RevocationProposal
from applications.services.proposing import ProposalOver, may_review
from applications.views.certificates import facts
from applications.views.console import case as page
from applications.views.console.entry import back_to, case_view
from certportal.foundation import clock
from issuance.models import Certificate


@case_view
@access.reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for reason and grounds; revoke an exposed key's certificate, propose the rest."""
    certificate = certificate_of(application)
    revoked = certificate is not None and certificate.state == Certificate.State.REVOKED
    form = ReviewerForm(request.POST or None, only_exposed=revoked)
    if request.method != "POST" or not form.is_valid():
        return _page(request, application, "revoke", form=form)
    given = _who(request) | {"words": form.cleaned_data["words"]}
    if form.is_exposed:
        services.revoke_exposed(application.pk, **given)
        return back_to(application, request, _("The certificate has been revoked."))
    services.propose(application.pk, reason=form.cleaned_data["reason"], **given)
    said = _("The revocation has been proposed. Another reviewer must confirm it.")
    return back_to(application, request, said)


@case_view
@access.reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, application: Application) -> HttpResponse:
    """Show what was proposed, and revoke because a second person agrees."""
    form = ConfirmForm(request.POST or None, initial=_initial(application))
    if request.method != "POST" or not form.is_valid():
        return _page(request, application, "revocation", form=form)
    services.confirm_proposal(_seen(application, form), **_who(request))
    return back_to(application, request, _("The certificate has been revoked."))


@case_view
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask why not, and leave the certificate in force."""
    form = DeclineForm(request.POST or None, initial=_initial(application))
    if request.method != "POST" or not form.is_valid():
        return _page(request, application, "decline_revocation", form=form)
    words = form.cleaned_data["words"]
    services.decline_proposal(_seen(application, form), words=words, **_who(request))
    return back_to(application, request, _("The revocation was declined and its proposer told."))


@case_view
@require_POST
def withdraw(request: HttpRequest, application: Application) -> HttpResponse:
    """Take one's own proposal back."""
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        raise ProposalOver
    services.withdraw_proposal(_seen(application, form), **_who(request))
    return back_to(application, request, _("You took the proposal to revoke back."))


def pending(application: Application, person: Person) -> dict[str, Any]:
    """Return the proposal that waits for its second person, and what this reader may do to it."""
    proposal = _open(application)
    if proposal is None:
        return {}
    mine = (person.merged_into_id or person.pk) in {
        proposal.maker_id,
        proposal.maker.merged_into_id,
    }
    return {
        "proposal": proposal,
        "proposal_is_mine": mine,
        "may_settle": not mine and may_review(application, person),
    }


def _page(request: HttpRequest, application: Application, name: str, **more: Any) -> HttpResponse:
    person, now = access.person_of(request), clock.now()
    context = page.identity(application, person, now=now)
    context |= page.prepared(application, person, now=now) | _certificate(application, now)
    context |= pending(application, person) | more
    return render(request, f"applications/console/{name}.html", context)


def _certificate(application: Application, now: datetime) -> dict[str, Any]:
    found = certificate_of(application)
    return {} if found is None else {"certificate": found, "certificate_facts": facts(found)}


def _open(application: Application) -> RevocationProposal | None:
    waiting = application.revocation_proposals.filter(closed_at=None)
    return waiting.select_related("maker").last()


def _initial(application: Application) -> dict[str, Any]:
    proposal = _open(application)
    return {"proposal": proposal.pk} if proposal else {}


def _seen(application: Application, form: ConfirmForm | DeclineForm | WithdrawForm) -> int:
    """The proposal that the page showed, if it is about this case. Raises ProposalOver."""
    seen: int = form.cleaned_data["proposal"]
    if not application.revocation_proposals.filter(pk=seen).exists():
        raise ProposalOver
    return seen


def _who(request: HttpRequest) -> dict[str, Any]:
    return {
        "person": access.person_of(request),
        "actor": access.actor_of(request),
        "now": clock.now(),
    }
