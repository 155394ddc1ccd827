"""Revoking a certificate on the account: the reason, the consequences, the confirmation."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from applications import services
from applications.delivery import certificate_of
from applications.forms.revoking import RevocationForm
from applications.kinds import CertificateType
from applications.models import Application
from applications.views import certificates, going
from applications.views.entry import acting, order_view
from applications.views.rows import name_of
from certportal.foundation import clock
from issuance.models import Certificate


@order_view
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask why, tell what it means, and revoke."""
    certificate = certificate_of(application)
    if certificate is None:
        raise Http404
    revoked = certificate.state == Certificate.State.REVOKED
    form = RevocationForm(request.POST or None, today=clock.day(clock.now()), only_exposed=revoked)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("reason", "words", "exposed_on")}
        services.revoke(
            application.pk, person=access.person_of(request), **given, **acting(request)
        )
        messages.success(request, _("The certificate has been revoked."))
        return redirect("applications:certificate", application.pk)
    return render(request, "applications/revoke.html", _context(application, form))


def _context(application: Application, form: RevocationForm) -> dict[str, Any]:
    return certificates.shown(application, now=clock.now()) | {
        "application": application,
        "is_test": CertificateType(application.type).is_test,
        "name": name_of(application),
        "form": form,
        "consequences": consequences(),
        "back": going.order_url(application),
    }


def consequences() -> list[str]:
    """Return in plain words what revoking a certificate does."""
    return [
        _("The certificate stops working at once: connections and signatures that use it fail."),
        _("A revoked certificate can never be taken into use again."),
        _(
            "If the service is still needed, order a new certificate and install it first, unless"
            " the key has been exposed."
        ),
        _("A key that has been exposed is refused for good: the new certificate needs a new key."),
        _("The revocation is published and mailed to everybody concerned."),
    ]
