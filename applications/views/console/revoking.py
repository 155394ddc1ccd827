"""Revoking, as a reviewer, a certificate whose key is exposed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from applications import services
from applications.forms.revoking import ExposureForm
from applications.models import Application
from applications.views.console import case as page
from applications.views.console.entry import back_to, case_view
from certportal.foundation import clock


@case_view
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the grounds, and revoke."""
    person, now = access.person_of(request), clock.now()
    form = ExposureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.revoke_exposed(
            application.pk,
            words=form.cleaned_data["words"],
            person=person,
            actor=access.actor_of(request),
            now=now,
        )
        return back_to(application, request, _("The certificate has been revoked."))
    context = page.identity(application, person, now=now)
    context |= page.prepared(application, person, now=now) | {"form": form}
    return render(request, "applications/console/revoke.html", context)
