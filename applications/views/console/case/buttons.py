"""Buttons that need no form: take a case, give it back, take a question back."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from applications import services
from applications.models import Application
from applications.views.console.entry import back_to, case_view, lost
from applications.views.shared.entry import by_person, seen_version
from certportal.foundation.errors import Stale


def button(act: Callable[..., object], said: Promise) -> Callable[..., HttpResponseBase]:
    """Return the view of a button for the service, which needs who asks and what was seen."""

    @case_view
    @require_POST
    def press(request: HttpRequest, application: Application) -> HttpResponse:
        try:
            act(application.pk, version=seen_version(request), **by_person(request))
        except Stale as refusal:
            return lost(request, application, refusal)
        return back_to(application, request, said)

    return press


claim = button(services.claim, _("The case is yours. Its certificate is being prepared."))
release = button(services.release, _("The case is free for others."))
cancel_request = button(
    services.cancel_request, _("The request was taken back and the applicant told.")
)
