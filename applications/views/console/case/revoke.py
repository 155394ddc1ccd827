"""Revoke as a reviewer: alone when the key is exposed, otherwise by two persons.

Also upon a report from outside: by phone, by mail, from a CERT.
"""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _, gettext_lazy

from accounts import access
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.models.revocation_report import TERM
from applications.services.reviewer import revocation
from applications.views.console.case import case_context
from applications.views.console.case.identity import identity, kept_from_proposing
from applications.views.console.entry import back_to, case_view, confirmed_lately, kept, lost
from applications.views.shared.certificate import facts
from applications.views.shared.entry import by_person
from applications.views.shared.revocation_forms import (
    ConfirmForm,
    DeclineForm,
    ReportForm,
    ReviewerForm,
    WithdrawForm,
)
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Stale
from certportal.foundation.web.pressed import pressed_on


def _certificate(_request: HttpRequest, application: Application) -> str:
    found = certificate_of(application)
    named = {"number": application.number, "name": application.called}
    if found is None:
        return _("%(name)s, order %(number)s") % named
    named["serial"] = found.serial
    return _("%(name)s, serial number %(serial)s, order %(number)s") % named


@case_view
@confirmed_lately(gettext_lazy("Revoke the certificate"), _certificate)
def revoke(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for reason and grounds; revoke for an exposed key, otherwise propose to revoke."""
    reasons = revocation.reasons(application, access.person_of(request), now=clock.now())
    if request.method == "POST":
        reasons += done_before(application)
    form = ReviewerForm(request.POST or None, reasons=reasons)
    if request.method != "POST" or not form.is_valid():
        obstacles = kept_from_proposing(application, access.person_of(request), now=clock.now())
        return page(request, application, "revoke", form=form, kept_from=obstacles)
    try:
        message = _revoke(request, application, form)
    except (Stale, NotAllowed) as refusal:
        context = kept(request, application, form, refusal)
        return page(request, application, "revoke", form=form, **context)
    return back_to(application, request, message)


def done_before(application: Application) -> list[str]:
    """Return the reasons already used, so that a double click is not an invalid choice."""
    certificate = certificate_of(application)
    proposal = revocation.open_proposal(application)
    revoked = [certificate.revocation_reason] if certificate else []
    return revoked + ([proposal.reason] if proposal else [])


def _revoke(request: HttpRequest, application: Application, form: ReviewerForm) -> str:
    common = by_person(request) | {"words": form.cleaned_data["words"]}
    if form.is_exposed:
        services.revoke_exposed(application.pk, **common)
        return _("The certificate has been revoked.")
    services.propose(application.pk, reason=form.cleaned_data["reason"], **common)
    return _("The revocation has been proposed. Another reviewer must confirm it.")


@case_view
@confirmed_lately(gettext_lazy("Confirm the revocation"), _certificate)
def confirm(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the proposal, and revoke on confirmation by a second person."""
    form = ConfirmForm(request.POST or None, initial=_initial(application))
    if request.method != "POST" or not form.is_valid():
        return page(request, application, "revocation", form=form)
    try:
        services.confirm_proposal(_seen(application, form), **by_person(request))
    except Stale as refusal:
        return lost(request, application, refusal)
    return back_to(application, request, _("The certificate has been revoked."))


@case_view
def decline(request: HttpRequest, application: Application) -> HttpResponse:
    form = DeclineForm(request.POST or None, initial=_initial(application))
    if request.method != "POST" or not form.is_valid():
        return page(request, application, "decline_revocation", form=form)
    words = form.cleaned_data["words"]
    try:
        services.decline_proposal(_seen(application, form), words=words, **by_person(request))
    except (Stale, NotAllowed) as refusal:
        context = kept(request, application, form, refusal)
        return page(request, application, "decline_revocation", form=form, **context)
    return back_to(application, request, _("The revocation was declined and its proposer told."))


@case_view
@pressed_on("console:case", "application_id")
def withdraw(request: HttpRequest, application: Application) -> HttpResponse:
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        raise revocation.ProposalOver
    try:
        services.withdraw_proposal(_seen(application, form), **by_person(request))
    except Stale as refusal:
        return lost(request, application, refusal)
    return back_to(application, request, _("You took the proposal to revoke back."))


def page(request: HttpRequest, application: Application, name: str, **more: Any) -> HttpResponse:
    person, now = access.person_of(request), clock.now()
    context = identity(application, person, now=now)
    context |= case_context.prepared(application, person, now=now)
    if certificate := certificate_of(application):
        context |= {"certificate": certificate, "certificate_facts": facts(certificate)}
    context |= case_context.pending(application, person) | more
    status = more["stale"].status if "stale" in more else 200
    return render(request, f"applications/console/{name}.html", context, status=status)


def _initial(application: Application) -> dict[str, Any]:
    proposal = revocation.open_proposal(application)
    return {"proposal": proposal.pk} if proposal else {}


def _seen(application: Application, form: ConfirmForm | DeclineForm | WithdrawForm) -> int:
    """Return the key of the proposal shown. Raises ProposalOver if it is another case's."""
    proposal_id: int = form.cleaned_data["proposal"]
    if not application.revocation_proposals.filter(pk=proposal_id).exists():
        raise revocation.ProposalOver
    return proposal_id


HOUR = timedelta(hours=1)


@case_view
def report(request: HttpRequest, application: Application) -> HttpResponseBase:
    """Record who asks and how that was verified; revoke an exposed key, otherwise propose to.

    An old second factor must be renewed before writing; if it becomes old while writing, it is
    renewed on the page with the text, so that the text is not lost.
    """
    lead = None if request.method == "POST" else access.lead_to_reauthenticate(request)
    return lead or _report(request, application)


def _report(request: HttpRequest, application: Application) -> HttpResponse:
    person, now = access.person_of(request), clock.now()
    reasons = revocation.reasons_to_report(application, person, now=now)
    beside = revocation.open_proposal(application)
    if request.method == "POST":
        reasons += done_before(application)
    form = ReportForm(request.POST or None, reasons=reasons, now=now)
    more: dict[str, Any] = {"form": form, "term_hours": TERM // HOUR, "beside": beside}
    if request.method != "POST" or not form.is_valid():
        more["kept_from"] = (
            list(revocation.to_note(application, person, now=now))
            if beside
            else kept_from_proposing(application, person, now=now)
        )
        return page(request, application, "revocation_report", **more)
    if now - access.second_factor_at(request) > access.SECOND_FACTOR_LASTS:
        return page(request, application, "revocation_report", must_confirm=True, **more)
    try:
        given = {name: form.cleaned_data[name] for name in ("reason", "words")}
        recorded = services.revoke_as_told(
            application.pk, told=form.report, **given, **by_person(request)
        )
    except (Stale, NotAllowed) as refusal:
        more |= kept(request, application, form, refusal)
        return page(request, application, "revocation_report", **more)
    if form.is_exposed:
        return back_to(application, request, _("The certificate has been revoked."))
    message = _("The revocation has been proposed. Another reviewer must confirm it.")
    if recorded.beside_id is not None:
        message = _("The report was noted beside the proposal that waits for a second reviewer.")
    return back_to(application, request, message)
