"""The one order as its technical contact sees it: what to do, where it is, the certificate."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from applications import services
from applications.checks.wording import word_faults
from applications.documents import kept_papers
from applications.rules import proposed_names
from applications.views.account import certificates, papers
from applications.views.account.certificates import fitting
from applications.views.order import csr
from applications.views.shared import tracking
from applications.views.shared.certificate import attachment
from applications.views.shared.page import about
from applications.views.technical_contact.entry import Seat, contact_view
from applications.workflow import Role, Status
from certportal.foundation import clock
from certportal.foundation.mail.sending import File


@contact_view
@require_safe
def order(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Show the order: the request is wanted, is being handled, or the certificate is here."""
    application, now = seat.application, clock.now()
    wanted = application.status == Status.AWAITING_CSR
    asked = application.status == Status.INFO_REQUESTED
    # A question is the applicant's to answer, and so is its deadline.
    status = str(application.get_status_display())
    context = about(application) | {
        "seat": seat,
        "host_names": application.names,
        "status": status,
        "stages": tracking.stages(application, status_words=status),
        "promise": "" if asked else tracking.promise_words(application, now=now),
        "lapse": tracking.lapse_words(application) if wanted else "",
        "findings": word_faults(application.findings) if wanted else [],
        "wanted": wanted,
        **_proposing(seat),
        "csr_url": seat.url("csr") if csr.attachable(application, Role.TECHNICAL_CONTACT) else "",
        "not_mine_url": seat.url("not_mine") if seat.link else "",
        "install_url": seat.url("install"),
        "sheet_url": seat.url("install_sheet"),
        **certificates.shown(
            application, url=partial(seat.url, "download"), printed=fitting(request), now=now
        ),
        **_saying(seat),
    }
    return render(request, "applications/contact/order.html", context)


def _proposing(seat: Seat) -> dict[str, Any]:
    """Return whether the host names are the reader's to propose, and why they came back."""
    application = seat.application
    sent_back = proposed_names.sent_back(application)
    mine = application.csrs.filter(uploaded_by=str(seat.actor)).first() if sent_back else None
    return {
        "names_awaited": proposed_names.are_awaited(application),
        "sent_back": sent_back,
        "again_url": seat.url("preview", mine.pk) if mine else "",
    }


def _saying(seat: Seat) -> dict[str, str]:
    """Return where it is said that it is in use and, by a member, that the next is seen to."""
    renewing = "" if seat.link else seat.url("renewing")
    return {"installed_url": seat.url("installed"), "renewing_url": renewing}


@contact_view
def installed(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Say that the certificate is in use."""
    return _press(request, seat, services.say_installed, _("Noted: the certificate is in use."))


@contact_view
def renewing(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Say that the reader sees to the next certificate."""
    said = _("Noted: you see to the new certificate.")
    return _press(request, seat, services.see_to_renewal, said)


def _press(request: HttpRequest, seat: Seat, act: Callable[..., object], said: str) -> HttpResponse:
    if request.method == "POST":
        act(seat.application.pk, actor=seat.actor, now=clock.now())
        messages.success(request, said)
    return redirect(seat.url("order"))


@contact_view
@require_safe
def install(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Show how the certificate is taken into use."""
    context = certificates.installing_of(seat.application, url=partial(seat.url, "download"))
    context |= about(seat.application, seat=seat, back=seat.url("order")) | _saying(seat)
    context["sheet_url"] = seat.url("install_sheet")
    return render(request, "applications/install.html", context)


@contact_view
@require_safe
def install_sheet(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Hand over the same on a page, as a PDF."""
    made_of = kept_papers.installable(seat.application, now=clock.now())
    back = seat.url("install")
    return papers.answer(request, seat.application, made_of, actor=seat.actor, back=back)


@contact_view
@require_safe
def download(request: HttpRequest, seat: Seat, kind: str) -> HttpResponse:
    """Hand over one file of the certificate."""
    return certificates.hand_over(seat.application, kind, seat.actor)


@contact_view
@require_safe
def settings(request: HttpRequest, seat: Seat, tool: str) -> HttpResponse:
    """Hand over the settings file of openssl (.cnf) or certreq (.inf), filled in for the order."""
    known = csr.instructions(seat.application, now=clock.now())
    # Windows reads an .inf file with å, ä and ö in UTF-16 only, else in the machine's code page.
    kinds = {"openssl": ("config", "cnf", "utf-8"), "certreq": ("certreq", "inf", "utf-16")}
    if tool not in kinds or not known:
        raise Http404
    text, ending, encoding = kinds[tool]
    name = f"{known['stem']}.{ending}"
    return attachment(File(name, known[text].encode(encoding), "text/plain"))
