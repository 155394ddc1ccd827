"""Revoking a certificate on the account: the reason, the consequences, the confirmation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import revocation
from applications.views.account import certificates
from applications.views.shared.certificate import facts
from applications.views.shared.entry import by_person, order_view
from applications.views.shared.not_there import no_certificate
from applications.views.shared.page import show
from applications.views.shared.revocation_forms import RevocationForm
from certportal.foundation import clock
from issuance.conf import pki


@order_view
def revoke(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the reason, show the consequences, and revoke."""
    certificate = certificate_of(application)
    if certificate is None:
        raise no_certificate(application)
    now = clock.now()
    reasons = revocation.reasons(certificate, now=now)
    if request.method == "POST":
        reasons.append(certificate.revocation_reason)  # a second click does nothing
    elif not reasons:
        return redirect("applications:order", application.pk)
    form = RevocationForm(request.POST or None, today=clock.day(now), reasons=reasons)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("reason", "words", "exposed_on")}
        services.revoke(application.pk, **values, **by_person(request))
        messages.success(request, _("The certificate has been revoked."))
        return redirect("applications:order", application.pk)
    context = certificates.shown(application, now=now) | {"name": application.called}
    context |= {"certificate_facts": facts(certificate)}
    context |= {"form": form, "consequences": consequences()}
    return show(request, application, "revoke", **context)


def consequences() -> list[str]:
    """Return in plain words what revoking a certificate does."""
    return [
        _(
            "The revocation is published at once. A system that has checked the certificate before"
            " may trust it for at most %(hours)s hours more. After that, connections and signatures"
            " that use it fail."
        )
        % {"hours": pki().status_hours},
        _("A revoked certificate can never be used again."),
        _(
            "If the key has been exposed, or you suspect it, revoke the certificate at once."
            " Otherwise, if the service is still needed, first order a new certificate and install"
            " it."
        ),
        _(
            "A key that has been exposed, or may have been, is refused for good: the new"
            " certificate needs a new key."
        ),
        _("Everybody concerned is told by email."),
    ]
