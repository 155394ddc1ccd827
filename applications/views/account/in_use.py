"""The account reports that a certificate is installed, or that somebody takes care of renewal."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.access import orders_seen
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import renewal
from applications.views.shared.entry import order_view
from certportal.foundation.web.pressed import pressed_on


@order_view
@pressed_on("applications:order", "application_id")
def installed(request: HttpRequest, application: Application) -> HttpResponse:
    """Report that the certificate is in use."""
    message = _("Noted: the certificate is in use.")
    return _press(request, application, services.say_installed, message)


@order_view
@pressed_on("applications:order", "application_id")
def renewing(request: HttpRequest, application: Application) -> HttpResponse:
    """Report that the reader takes care of the renewal."""
    message = _("Noted: you see to the new certificate.")
    return _press(request, application, services.see_to_renewal, message)


def _press(
    request: HttpRequest, application: Application, act: Callable[..., object], message: str
) -> HttpResponse:
    act(application.pk, **access.acting(request))
    messages.success(request, message)
    return redirect("applications:order", application.pk)


def renewed(request: HttpRequest, application: Application, *, now: datetime) -> dict[str, Any]:
    """Return the orders whose certificates may be revoked because the order's own is in use."""
    certificate = certificate_of(application)
    if certificate is None or application.installed_at is None:
        return {}
    visible = orders_seen(access.person_of(request), application.organisation_id)
    visible_keys = set(visible.values_list("pk", flat=True))
    older = renewal.renewed(application, certificate, now=now)
    return {"renewed": [order for order in older if order.pk in visible_keys]}
