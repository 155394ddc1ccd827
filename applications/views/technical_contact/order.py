"""An order as its technical contact sees it: what to do, its progress, the certificate."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from applications import services
from applications.checks.wording import word_faults
from applications.rules import proposed_names
from applications.views.account import certificates, papers
from applications.views.account.certificates import fitting
from applications.views.account.in_use import seen_to
from applications.views.order import csr
from applications.views.shared import tracking
from applications.views.shared.certificate import attachment
from applications.views.shared.page import about
from applications.views.technical_contact.entry import Seat, contact_view
from applications.workflow import Role, Status
from certportal.foundation import clock
from certportal.foundation.mail.sending import File
from certportal.foundation.web.pressed import OnlyPressed


@contact_view
@require_safe
def order(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Show the order: the request to give, the progress, or the certificate."""
    application, now = seat.application, clock.now()
    contact, by_link = Role.TECHNICAL_CONTACT, seat.actor.is_by_link
    gives = csr.attachable(application, contact, by_link=by_link)
    awaits_csr = gives and application.status == Status.AWAITING_CSR
    is_asked = application.status == Status.INFO_REQUESTED
    # A reviewer's question and its deadline concern the applicant alone.
    status = application.status_words_for(contact)
    context = about(application) | {
        "seat": seat,
        "back": _back_url(seat),
        "host_names": application.names,
        "status": status,
        "stages": tracking.stages(application, status_words=status),
        "promise": "" if is_asked else tracking.promise_words(application, now=now),
        "lapse": tracking.lapse_words(application) if awaits_csr else "",
        "findings": word_faults(application.findings) if awaits_csr else [],
        "wanted": awaits_csr,
        **_proposal(seat),
        "csr_url": seat.url("csr") if gives else "",
        "not_mine_url": seat.url("not_mine") if seat.link else "",
        "install_url": seat.url("install"),
        "sheet_url": seat.url("install_sheet"),
        **certificates.shown(
            application, url=partial(seat.url, "download"), printed=fitting(request), now=now
        ),
        **_report_urls(seat),
    }
    return render(request, "applications/contact/order.html", context)


def _back_url(seat: Seat) -> str:
    """Return where a member came from; a link's holder sees this order only."""
    if seat.link:
        return ""
    return reverse("customers:customers" if seat.actor.supplier else "home")


def _proposal(seat: Seat) -> dict[str, Any]:
    """Return the context about proposing host names, and why they were sent back."""
    application = seat.application
    sent_back = proposed_names.sent_back(application)
    latest = application.csrs.filter(uploaded_by=str(seat.actor)).first() if sent_back else None
    return {
        "names_awaited": proposed_names.are_awaited(application),
        "sent_back": sent_back,
        "again_url": seat.url("preview", latest.pk) if latest else "",
    }


def _report_urls(seat: Seat) -> dict[str, str]:
    """Return the URLs for reporting it installed and, for members, for taking care of renewal."""
    renewing = "" if seat.link else seat.url("renewing")
    return {"installed_url": seat.url("installed"), "renewing_url": renewing}


@contact_view
def installed(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Report that the certificate is in use."""
    return _press(request, seat, services.say_installed, _("Noted: the certificate is in use."))


@contact_view
def renewing(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Report that the reader takes care of the renewal."""
    return _press(request, seat, services.see_to_renewal, seen_to(seat.application))


def _press(
    request: HttpRequest, seat: Seat, act: Callable[..., object], message: str
) -> HttpResponse:
    if request.method != "POST":
        return OnlyPressed(seat.url("order"))
    act(seat.application.pk, actor=seat.actor, now=clock.now())
    messages.success(request, message)
    return redirect(seat.url("order"))


@contact_view
@require_safe
def install(request: HttpRequest, seat: Seat) -> HttpResponse:
    context = certificates.installing_of(seat.application, url=partial(seat.url, "download"))
    context |= about(seat.application, seat=seat, back=seat.url("order")) | _report_urls(seat)
    context["sheet_url"] = seat.url("install_sheet")
    return render(request, "applications/install.html", context)


@contact_view
@require_safe
def install_sheet(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Download the instructions for installing the certificate as a PDF."""
    made_of, back = papers.installable(seat.application), seat.url("install")
    return papers.answer(request, seat.application, made_of, actor=seat.actor, back=back)


@contact_view
@require_safe
def download(request: HttpRequest, seat: Seat, kind: str) -> HttpResponse:
    return certificates.hand_over(seat.application, kind, seat.actor)


@contact_view
@require_safe
def settings(request: HttpRequest, seat: Seat, tool: str) -> HttpResponse:
    """Download the settings file for openssl (.cnf) or certreq (.inf), filled in for the order."""
    texts = csr.instructions(seat.application, now=clock.now())
    # Windows reads an .inf file in UTF-16 or else in the machine's code page, not in UTF-8.
    kinds = {"openssl": ("config", "cnf", "utf-8"), "certreq": ("certreq", "inf", "utf-16")}
    if tool not in kinds or not texts:
        raise Http404
    text, ending, encoding = kinds[tool]
    name = f"{texts['stem']}.{ending}"
    return attachment(File(name, texts[text].encode(encoding), "text/plain"))
