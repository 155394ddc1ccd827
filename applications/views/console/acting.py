"""Buttons that need no form: take a case, give it back, take a question back."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import access
from applications import services
from applications.models import Application
from applications.views.console.entry import back_to, case_view
from applications.views.entry import seen_version
from certportal.foundation import clock


@case_view
@require_POST
def claim(request: HttpRequest, application: Application) -> HttpResponse:
    """Take the case; the certificate is then prepared."""
    _do(services.claim, request, application)
    return back_to(application, request, _("The case is yours; the certificate is prepared."))


@case_view
@require_POST
def release(request: HttpRequest, application: Application) -> HttpResponse:
    """Give the case back to the queue."""
    _do(services.release, request, application)
    return back_to(application, request, _("The case is free for others."))


@case_view
@require_POST
def cancel_request(request: HttpRequest, application: Application) -> HttpResponse:
    """Take the question back."""
    _do(services.cancel_request, request, application)
    return back_to(application, request, _("The request was taken back and the applicant told."))


def _do(act: Callable[..., object], request: HttpRequest, application: Application) -> None:
    """Do what needs no more than who asks, and which version of the case was seen."""
    act(
        application.pk,
        person=access.person_of(request),
        version=seen_version(request),
        actor=access.actor_of(request),
        now=clock.now(),
    )
