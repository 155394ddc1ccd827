"""The technical contact gives the certificate request: upload, preview, confirm, replace."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications import services
from applications.access import get_part
from applications.errors import NotPossible, PrivateKeyFound, UnfitCsr
from applications.forms.csr import CsrForm
from applications.kinds import CertificateType
from applications.views.contact.entry import Seat, contact_view
from applications.views.csr import attachable, instructions, limited, previewed, unfit
from applications.views.entry import seen_version
from applications.workflow import Role
from certportal.foundation import clock
from certportal.foundation.errors import TooMany


@contact_view
@require_http_methods(["GET", "POST"])
def give(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Ask for the request, with instructions for this order; examine what comes."""
    _require_open(seat)
    first = {"version": seat.application.version, "how": "file"}
    form = CsrForm(request.POST or None, request.FILES or None, later=False, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            return _examine(request, seat, form)
        except TooMany as refusal:
            form.add_error(None, str(refusal))
            return limited(_ask(request, seat, form), refusal)
    return _ask(request, seat, form)


def _ask(request: HttpRequest, seat: Seat, form: CsrForm) -> HttpResponse:
    context = _context(seat) | {
        "form": form,
        "instructions": instructions(seat.application, now=clock.now()),
        "config_url": seat.url("settings", "openssl"),
        "inf_url": seat.url("settings", "certreq"),
    }
    return render(request, "applications/csr.html", context)


def _examine(request: HttpRequest, seat: Seat, form: CsrForm) -> HttpResponse:
    now = clock.now()
    try:
        stored = services.upload_csr(
            seat.application.pk, form.data_given(), actor=seat.actor, now=now
        )
    except PrivateKeyFound as refusal:
        context = _context(seat) | {"refusal": refusal}
        return render(request, "applications/csr_private_key.html", context, status=400)
    except UnfitCsr as refusal:
        context = _context(seat) | {
            "refusal": refusal,
            **unfit(seat.application, refusal, now=now),
            "config_url": seat.url("settings", "openssl"),
            "inf_url": seat.url("settings", "certreq"),
        }
        return render(request, "applications/csr_unfit.html", context)
    return redirect(seat.url("preview", stored.pk))


@contact_view
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, seat: Seat, csr_id: UUID) -> HttpResponse:
    """Show the decoded request beside the register and the certificate; confirm it."""
    mine = seat.application.csrs.filter(uploaded_by=_uploader(seat))
    stored = get_part(seat.actor, mine, csr_id)
    _require_open(seat)
    if request.method != "POST":
        known = previewed(seat.application, stored, now=clock.now())
        return render(request, "applications/csr_preview.html", _context(seat) | known)
    services.attach_csr(
        seat.application.pk,
        stored.pk,
        role=Role.TECHNICAL_CONTACT,
        version=seen_version(request),
        actor=seat.actor,
        now=clock.now(),
    )
    messages.success(request, _("Thank you. The certificate request has been attached."))
    return redirect(seat.url("order"))


def _uploader(seat: Seat) -> str:
    """Return how a request names its uploader: one's own are shown, nobody else's."""
    return str(seat.actor)


def _require_open(seat: Seat) -> None:
    if not attachable(seat.application, Role.TECHNICAL_CONTACT):
        raise NotPossible


def _context(seat: Seat) -> dict[str, Any]:
    return {
        "application": seat.application,
        "is_test": CertificateType(seat.application.type).is_test,
        "is_draft": False,
        "give_url": seat.url("csr"),
        "back": seat.url("order"),
    }
