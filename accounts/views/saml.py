"""Endpoints for a SAML identity provider; 404 if identification does not use SAML.

Without SAML nothing of it is imported: its libraries take 10 MiB in each kind of process.
"""

from typing import TYPE_CHECKING, Any, cast

import structlog
from django.conf import settings
from django.contrib import auth
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts import access
from accounts.identification.identity import NotIdentified, provider
from accounts.middleware import SIGN_ON
from accounts.services.people import sessions, sign_on
from accounts.views.logout import PROVIDER_LOGOUT
from certportal.foundation import clock
from certportal.foundation.web.browsers import from_other_sites

if TYPE_CHECKING:
    from accounts.identification.saml.provider import Saml

log = structlog.get_logger(__name__)


def service_provider() -> "Saml":
    """Return the configured SAML provider. Raises Http404 if identification is not over SAML."""
    if not settings.IDENTIFICATION["BACKEND"].endswith(".Saml"):
        raise Http404
    return cast("Saml", provider())


@require_GET
def describe(request: HttpRequest) -> HttpResponse:
    """Publish our metadata; `?certificate=current` or `next` includes only that certificate."""
    saml, only = service_provider(), request.GET.get("certificate", "")
    from accounts.identification.saml import metadata

    xml = metadata.document(saml.party, saml.contact, only=only, now=clock.now())
    return HttpResponse(xml, content_type="application/samlmetadata+xml")


@csrf_exempt
@from_other_sites
@never_cache
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Receive the provider's response, posted from its site, and redirect to our return page.

    Our SameSite=Lax cookie is not sent with this cross-site POST, so no session is used: the
    response is protected by its signature and by the request that it answers.
    """
    saml, now = service_provider(), clock.now()
    sign_on.step(sign_on.Step.ANSWER, address=access.actor_of(request).address, now=now)
    found: dict[str, Any] = request.POST.dict()
    onward = saml.receive(found, now=now)
    response = HttpResponseRedirect(f"{reverse('identification-return')}?{urlencode(onward)}")
    # 303 See Other: the browser continues with GET, which carries the SameSite=Lax cookies.
    response.status_code = 303
    return response


@never_cache
@require_GET
def single_logout(request: HttpRequest) -> HttpResponse:
    """Handle the provider's response to our logout request, or its own logout request."""
    saml = service_provider()
    if "SAMLResponse" in request.GET:
        return _come_back(request, saml)
    if "SAMLRequest" in request.GET:
        return _end(request, saml)
    raise Http404


def _come_back(request: HttpRequest, saml: "Saml") -> HttpResponse:
    """Show whether the provider's session has ended too, in the language used before logout."""
    left, now = request.session.pop(PROVIDER_LOGOUT, {}), clock.now()
    try:
        done = saml.is_ended(request.META["QUERY_STRING"], request=left.get("request", ""), now=now)
    except NotIdentified as error:
        log.warning("saml_logout_refused", problem=error.problem)
        done = False
    everywhere = "" if done else "?partly=1"
    with override(left.get("language", get_language())):
        return redirect(f"{reverse('accounts:logged_out')}{everywhere}")


def _end(request: HttpRequest, saml: "Saml") -> HttpResponse:
    """End the sessions the provider names, even if their cookie was not sent, and respond."""
    now = clock.now()
    try:
        asked = saml.logout_request(request.META["QUERY_STRING"], now=now)
    except NotIdentified as error:
        log.warning("saml_logout_refused", problem=error.problem)
        raise
    sign_on.end_by_provider(asked.name_id, asked.indexes, now=now)
    own = request.session.get(SIGN_ON)
    if own and sessions.standing(own["id"], now=now) is None:
        auth.logout(request)
    return HttpResponseRedirect(asked.answer_url)
