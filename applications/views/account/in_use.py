"""What the account says of a certificate in force: that it is in use, that the next is seen to."""

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


@order_view
def installed(request: HttpRequest, application: Application) -> HttpResponse:
    """Say that the certificate is in use."""
    said = _("Noted: the certificate is in use.")
    return _press(request, application, services.say_installed, said)


@order_view
def renewing(request: HttpRequest, application: Application) -> HttpResponse:
    """Say that the reader sees to the next certificate."""
    said = _("Noted: you see to the new certificate.")
    return _press(request, application, services.see_to_renewal, said)


def _press(
    request: HttpRequest, application: Application, act: Callable[..., object], said: str
) -> HttpResponse:
    if request.method == "POST":
        act(application.pk, **access.acting(request))
        messages.success(request, said)
    return redirect("applications:order", application.pk)


def renewed(request: HttpRequest, application: Application, *, now: datetime) -> dict[str, Any]:
    """Return the orders whose certificates may be revoked, once the order's own is in use."""
    certificate = certificate_of(application)
    if certificate is None or application.installed_at is None:
        return {}
    seen = orders_seen(access.person_of(request), application.organisation_id)
    mine = set(seen.values_list("pk", flat=True))
    older = renewal.renewed(application, certificate, now=now)
    return {"renewed": [one for one in older if one.pk in mine]}
