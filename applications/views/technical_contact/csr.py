"""The technical contact gives the certificate request: upload, preview, confirm, replace."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from applications.access import get_part
from applications.models import Application
from applications.views.order.csr import Giver, ask, confirm
from applications.views.shared.page import about
from applications.views.technical_contact.entry import Seat, contact_view
from applications.workflow import Role


@contact_view
def give(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Ask for the request, with settings files made for this order."""
    return ask(request, _contact(request, seat))


@contact_view
def preview(request: HttpRequest, seat: Seat, csr_id: UUID) -> HttpResponse:
    """Show a request uploaded by this technical contact, and confirm it."""
    own = seat.application.csrs.filter(uploaded_by=str(seat.actor))
    return confirm(request, _contact(request, seat), get_part(seat.actor, own, csr_id))


def _contact(request: HttpRequest, seat: Seat) -> Giver:
    def used(_saved: Application) -> HttpResponse:
        messages.success(request, _("Thank you. The certificate request has been attached."))
        return redirect(seat.url("order"))

    page = about(
        seat.application,
        back=seat.url("order"),
        give_url=seat.url("csr"),
        config_url=seat.url("settings", "openssl"),
        inf_url=seat.url("settings", "certreq"),
    )
    return Giver(
        seat.application,
        seat.actor,
        Role.TECHNICAL_CONTACT,
        page,
        lambda csr_id: seat.url("preview", csr_id),
        used,
    )
