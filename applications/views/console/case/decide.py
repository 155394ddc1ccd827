"""Approving the bytes, rejecting with reasons, taking up again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from applications import services
from applications.errors import Changed
from applications.forms.console import ApproveForm, ReasonsForm
from applications.models import Application
from applications.views.console import case as page
from applications.views.console import reasons
from applications.views.console.entry import back_to, case_view, kept
from applications.views.entry import acting
from certportal.foundation import clock
from certportal.foundation.errors import Stale
from issuance.services.approve import FRESH

# Time to read the page before pressing the button, so that it does not fail at the last moment.
MARGIN = FRESH / 15
TEMPLATES = {"reject": reasons.REJECTING}


@case_view
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the bytes and their hash once more, then approve exactly those."""
    if request.method != "POST":
        context = confirmation(request, application)
        return render(request, "applications/console/approve.html", context)
    form = ApproveForm(request.POST)
    if not form.is_valid():
        raise Changed
    services.approve(
        application.pk,
        prepared_id=form.cleaned_data["prepared_id"],
        tbs_sha256=form.cleaned_data["tbs_sha256"],
        reauthenticated_at=access.second_factor_at(request),
        person=access.person_of(request),
        version=form.cleaned_data["version"],
        actor=access.actor_of(request),
        now=clock.now(),
    )
    return back_to(application, request, _("You approved the certificate."))


@case_view
@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: HttpRequest, application: Application) -> HttpResponse:
    """Reject with reasons."""
    form = reasons_form(request, application, reasons.REJECTING)
    if not form.is_valid():
        return _reasons_page(request, application, form, "reject")
    try:
        services.reject(application.pk, **_given(request, form))
    except Stale as refusal:
        return _reasons_page(request, application, form, "reject", refusal)
    return back_to(application, request, _("The application was rejected and the applicant told."))


@case_view
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, application: Application) -> HttpResponse:
    """Take a rejected or lapsed application up again."""
    form = reasons_form(request, application, ())
    if not form.is_valid():
        return _reasons_page(request, application, form, "reopen")
    try:
        services.reopen(application.pk, **_given(request, form))
    except Stale as refusal:
        return _reasons_page(request, application, form, "reopen", refusal)
    return back_to(application, request, _("The application was taken up again."))


def _given(request: HttpRequest, form: ReasonsForm) -> dict[str, Any]:
    """Return what rejecting and taking up again want: the reasons, whose, and what was seen."""
    return {
        "reasons": form.cleaned_data["reasons"],
        "person": access.person_of(request),
        "version": form.cleaned_data["version"],
        **acting(request),
    }


def confirmation(request: HttpRequest, application: Application) -> dict[str, Any]:
    """Return what the confirmation shows, the hidden form, and whether to confirm first."""
    person, now = access.person_of(request), clock.now()
    context = page.identity(application, person, now=now)
    context |= page.prepared(application, person, now=now)
    latest = context["latest"]
    initial = {"version": application.version}
    if latest is not None:
        initial |= {"prepared_id": latest.pk, "tbs_sha256": latest.tbs_sha256}
    fresh = now - FRESH + MARGIN <= access.second_factor_at(request)
    return context | {"form": ApproveForm(initial=initial), "must_confirm": not fresh}


def reasons_form(
    request: HttpRequest, application: Application, templates: tuple[reasons.Template, ...]
) -> ReasonsForm:
    """Return the form, filled with the template that the address names."""
    if request.method == "POST":
        return ReasonsForm(request.POST)
    text = reasons.chosen(templates, request.GET.get("template", ""), application.language)
    return ReasonsForm(initial={"version": application.version, "reasons": text})


def _reasons_page(
    request: HttpRequest,
    application: Application,
    form: ReasonsForm,
    name: str,
    refusal: Stale | None = None,
) -> HttpResponse:
    """Show the reasons as they are written; `refusal`: somebody changed the case meanwhile."""
    more = kept(request, application, form, refusal) if refusal else {}
    person, now = access.person_of(request), clock.now()
    context = page.identity(application, person, now=now)
    context |= page.prepared(application, person, now=now)
    context |= {"form": form, "templates": TEMPLATES.get(name, ()), **more}
    status = refusal.status if refusal else 200
    return render(request, f"applications/console/{name}.html", context, status=status)
