"""The one order as its technical contact sees it: what to do, where it is, the certificate."""

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from applications.checks.wording import word_faults
from applications.views.account import certificates
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
    context = about(application) | {
        "seat": seat,
        "host_names": application.names,
        "stages": tracking.stages(application),
        # A question is the applicant's to answer, and so is its deadline.
        "promise": "" if asked else tracking.promise_words(application, now=now),
        "lapse": tracking.lapse_words(application) if wanted else "",
        "findings": word_faults(application.findings) if wanted else [],
        "wanted": wanted,
        "csr_url": seat.url("csr") if csr.attachable(application, Role.TECHNICAL_CONTACT) else "",
        "not_mine_url": seat.url("not_mine") if seat.link else "",
        "install_url": seat.url("install"),
        **certificates.shown(
            application, url=partial(seat.url, "download"), printed=fitting(request), now=now
        ),
    }
    return render(request, "applications/contact/order.html", context)


@contact_view
@require_safe
def install(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Show how the certificate is taken into use."""
    context = certificates.installing_of(seat.application, url=partial(seat.url, "download"))
    context |= about(seat.application, seat=seat, back=seat.url("order"))
    return render(request, "applications/install.html", context)


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
