"""The account reports that a certificate is installed, or that somebody takes care of renewal."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.access import orders_seen
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import renewal
from applications.views.shared.buttons import order_button

installed = order_button(
    services.say_installed, lambda _order: _("Noted: the certificate is in use.")
)
renewing = order_button(
    services.see_to_renewal, lambda _order: _("Noted: you are taking care of the new certificate.")
)


def renewed(request: HttpRequest, application: Application, *, now: datetime) -> dict[str, Any]:
    """Return the orders whose certificates may be revoked because the order's own is in use."""
    certificate = certificate_of(application)
    if certificate is None or application.installed_at is None:
        return {}
    visible = orders_seen(access.person_of(request), application.organisation_id)
    visible_keys = set(visible.values_list("pk", flat=True))
    older = renewal.renewed(application, certificate, now=now)
    return {"renewed": [order for order in older if order.pk in visible_keys]}
