"""Ending and adding: withdraw, discard, add information unasked."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from applications import services, workflow
from applications.errors import NotPossible
from applications.forms.declarations import AdditionForm
from applications.forms.shared import VersionForm
from applications.kinds import CertificateType
from applications.models import Application
from applications.views import going, stale
from applications.views.entry import acting, order_view, seen_version
from applications.workflow import Action, Role
from certportal.foundation.errors import Stale


@order_view
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask whether to withdraw the order, and withdraw it."""
    _require(application, Action.WITHDRAW)
    if request.method == "POST":
        services.withdraw(application.pk, version=seen_version(request), **acting(request))
        messages.success(request, _("The order was withdrawn."))
        return redirect(going.order_url(application))
    return _confirm(request, application, "applications/withdraw.html")


@order_view
@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask whether to delete the draft, and delete it."""
    _require(application, Action.DISCARD)
    if request.method == "POST":
        services.discard(application.pk, version=seen_version(request), **acting(request))
        messages.success(request, _("The draft was deleted."))
        return redirect("home")
    return _confirm(request, application, "applications/discard.html")


@order_view
@require_http_methods(["GET", "POST"])
def add_information(request: HttpRequest, application: Application) -> HttpResponse:
    """Take information that nobody asked for; what was written stays if somebody was faster."""
    template, form = "applications/add_information.html", AdditionForm(request.POST or None)
    if request.method != "POST":
        _require(application, Action.ADD_INFORMATION)
        form = AdditionForm(initial={"version": application.version})
    if not form.is_valid():
        return _show(request, application, template, form)
    try:
        services.add_information(
            application.pk,
            text=form.cleaned_data["text"],
            person=access.person_of(request),
            version=form.cleaned_data["version"],
            **acting(request),
        )
    except Stale as refusal:
        context = stale.kept(
            request, application, form, refusal, now_url=going.order_url(application)
        )
        return _show(request, application, template, form, status=refusal.status, **context)
    messages.success(request, _("The information was added to the order."))
    return redirect(going.order_url(application))


def _require(application: Application, action: Action) -> None:
    if not workflow.may(action, application.status, Role.APPLICANT):
        raise NotPossible


def _confirm(request: HttpRequest, application: Application, template: str) -> HttpResponse:
    return _show(
        request, application, template, VersionForm(initial={"version": application.version})
    )


def _show(
    request: HttpRequest,
    application: Application,
    template: str,
    form: VersionForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "application": application,
        "form": form,
        "is_test": CertificateType(application.type).is_test,
        "back": going.order_url(application),
        **more,
    }
    return render(request, template, context, status=status)
