"""Buttons without a form: claim or release a case, cancel a request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications import services
from applications.models import Application
from applications.views.console.entry import back_to, case_view, lost
from applications.views.shared.entry import by_person, seen_version
from certportal.foundation.errors import Stale
from certportal.foundation.web.pressed import pressed_on


def button(act: Callable[..., object], message: Promise) -> Callable[..., HttpResponseBase]:
    """Return the view of a button that calls the service with person and seen version."""

    @case_view
    @pressed_on("console:case", "application_id")
    def press(request: HttpRequest, application: Application) -> HttpResponse:
        try:
            act(application.pk, version=seen_version(request), **by_person(request))
        except Stale as refusal:
            return lost(request, application, refusal)
        return back_to(application, request, message)

    return press


claim = button(services.claim, _("The case is yours. Its certificate is being prepared."))
release = button(services.release, _("The case is free for others."))
cancel_request = button(
    services.cancel_request, _("The request was taken back and the applicant told.")
)
