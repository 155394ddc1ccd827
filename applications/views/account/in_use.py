"""The account reports that a certificate is installed, or that somebody takes care of renewal."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.access import orders_seen
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import reminders, renewal
from applications.views.shared.buttons import order_button
from certportal.foundation import clock

installed = order_button(
    services.say_installed, lambda _order: _("Noted: the certificate is in use.")
)


def seen_to(application: Application) -> str:
    """Return in words who takes care of the renewal once the reader says so, too."""
    seen = reminders.seen(application, now=clock.now())
    if seen is None:
        return _("Noted: you are taking care of the new certificate.")
    values = {"who": seen.who, "day": date_format(seen.at, "SHORT_DATE_FORMAT")}
    return _("Taking care of the new certificate: %(who)s, since %(day)s.") % values


renewing = order_button(services.see_to_renewal, seen_to)


def renewed(request: HttpRequest, application: Application, *, now: datetime) -> dict[str, Any]:
    """Return the orders whose certificates may be revoked because the order's own is in use."""
    certificate = certificate_of(application)
    if certificate is None or application.installed_at is None:
        return {}
    older = renewal.renewed(application, certificate, now=now)
    return {"renewed": _visible(request, application, older)}


def renewed_by(request: HttpRequest, application: Application) -> list[Application]:
    """Return the orders whose certificates, valid longer, serve in place of this one's."""
    return _visible(request, application, renewal.renewed_by(application))


def _visible(
    request: HttpRequest, application: Application, orders: list[Application]
) -> list[Application]:
    if not orders:
        return []
    seen = orders_seen(access.person_of(request), application.organisation_id)
    keys = set(seen.filter(pk__in=[order.pk for order in orders]).values_list("pk", flat=True))
    return [order for order in orders if order.pk in keys]
