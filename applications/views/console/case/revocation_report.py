"""Record a report from outside (by phone, by mail, from a CERT) and revoke."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.models import Application
from applications.models.revocation_report import TERM
from applications.services.reviewer import revocation
from applications.services.reviewer.revocation_report import ReportDetails
from applications.views.console.case.obstacle_words import kept_from_proposing
from applications.views.console.case.revoke import done_before, page
from applications.views.console.entry import back_to, case_view, kept
from applications.views.shared.entry import by_person
from applications.views.shared.revocation_forms import ReportForm
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Stale

HOUR = timedelta(hours=1)


@case_view
def report(request: HttpRequest, application: Application) -> HttpResponseBase:
    """Record who asks and how that was verified; revoke an exposed key, otherwise propose to.

    An old second factor must be renewed before writing; if it becomes old while writing, it is
    renewed on the page with the text, so that the text is not lost.
    """
    lead = None if request.method == "POST" else access.lead_to_reauthenticate(request)
    return lead or _report(request, application)


def _report(request: HttpRequest, application: Application) -> HttpResponse:
    person, now = access.person_of(request), clock.now()
    reasons = revocation.reasons_to_report(application, person, now=now)
    beside = revocation.open_proposal(application)
    if request.method == "POST":
        reasons += done_before(application)
    form = ReportForm(request.POST or None, reasons=reasons, now=now)
    more: dict[str, Any] = {"form": form, "term_hours": TERM // HOUR, "beside": beside}
    if request.method != "POST" or not form.is_valid():
        more["kept_from"] = (
            list(revocation.to_note(application, person, now=now))
            if beside
            else kept_from_proposing(application, person, now=now)
        )
        return page(request, application, "revocation_report", **more)
    if now - access.second_factor_at(request) > access.SECOND_FACTOR_LASTS:
        return page(request, application, "revocation_report", must_confirm=True, **more)
    try:
        recorded = services.revoke_as_told(application.pk, **_arguments(form), **by_person(request))
    except (Stale, NotAllowed) as refusal:
        more |= kept(request, application, form, refusal)
        return page(request, application, "revocation_report", **more)
    if form.is_exposed:
        return back_to(application, request, _("The certificate has been revoked."))
    message = _("The revocation has been proposed. Another reviewer must confirm it.")
    if recorded.beside_id is not None:
        message = _("The report was noted beside the proposal that waits for a second reviewer.")
    return back_to(application, request, message)


def _arguments(form: ReportForm) -> dict[str, Any]:
    cleaned, names = form.cleaned_data, ("channel", "role", "caller", "verified", "callback")
    details = {name: cleaned[name] for name in names}
    return {
        "details": ReportDetails(received_at=form.received, **details),
        "reason": cleaned["reason"],
        "words": cleaned["words"],
    }
