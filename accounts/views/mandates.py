"""Views of a founder's visit to the source of mandates, which may confirm the right at once."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import access
from accounts.identification import flow
from accounts.mandates import visit
from accounts.mandates.protocol import visited
from accounts.register.identifiers import business_id as read_business_id
from accounts.services.organisations import found as found_organisations
from accounts.services.people import sign_on
from certportal.foundation import clock
from certportal.foundation.errors import Refused


@access.person_required
@require_GET
@never_cache
def mandates(request: HttpRequest, business_id: str) -> HttpResponse:
    """Explain the visit; once the source was told who comes, lead on to it.

    The page leads on by itself, because under CSP `form-action 'self'` the response to the form of
    identification may not redirect to the source.
    """
    person, code, now = access.person_of(request), read_business_id(business_id), clock.now()
    source = visited()
    if code is None or source is None or visit.pending(request.session, person, code) is None:
        return redirect("accounts:confirm", business_id)
    if problem := visit.fault(request.session):
        messages.warning(request, problem)
        return redirect("accounts:confirm", code)
    prospect = found_organisations.prospect(person, code, on=clock.day(now))
    if prospect.finding is not found_organisations.Finding.FREE:
        return redirect("accounts:confirm", code)
    language = translation.get_language()
    context = {
        "prospect": prospect,
        "onward": visit.leave(request, source, language=language, now=now),
    }
    return render(request, "accounts/mandates.html", context)


@access.person_required
@require_GET
@never_cache
def go(request: HttpRequest, business_id: str) -> HttpResponse:
    """Send the browser to identification, which tells the source who comes."""
    person, code, now = access.person_of(request), read_business_id(business_id), clock.now()
    if code is None or not visited() or visit.pending(request.session, person, code) is None:
        return redirect("accounts:confirm", business_id)
    sign_on.step(sign_on.Step.LEAVING, address=access.actor_of(request).address, now=now)
    found_organisations.count_visit(person, now=now)
    visit.restart_time(request.session, now=now)
    back = reverse("accounts:mandates", args=[code])
    language = translation.get_language()
    url = flow.leave(request, language=language, wanted=back, now=now, introduces=True)
    return redirect(url)


@access.person_required
@require_GET
@never_cache
def returned(request: HttpRequest) -> HttpResponse:
    """Handle the return from the source: fetch the right shown, and go back to the founding."""
    now, source = clock.now(), visited()
    language, business_id = visit.begun(request.session)
    translation.activate(language or settings.LANGUAGE_CODE)
    if source is None or not business_id:
        return redirect("accounts:found")
    back = visit.remembered(request.session, request.GET.get("state", ""), now=now)
    try:
        visit.come_back(request, source, back, now=now)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        words = _("Suomi.fi e-Authorizations has confirmed your authority to act.")
        messages.success(request, words)
    return redirect("accounts:confirm", business_id)
