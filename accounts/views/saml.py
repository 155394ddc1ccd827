"""The addresses that a SAML identity provider knows us by; 404 where identification is another."""

from typing import Any

import structlog
from django.contrib import auth
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts import access
from accounts.identification.identity import NotIdentified, provider
from accounts.identification.saml import metadata
from accounts.identification.saml.provider import Saml
from accounts.middleware import SIGN_ON
from accounts.services import sessions, signing_on
from accounts.views.leaving import FAREWELL
from certportal.foundation import clock
from certportal.foundation.browsers import from_other_sites

log = structlog.get_logger(__name__)


def service_provider() -> Saml:
    """Return the provider if it is spoken to over SAML; else Http404."""
    chosen = provider()
    if not isinstance(chosen, Saml):
        raise Http404
    return chosen


@require_GET
def describe(request: HttpRequest) -> HttpResponse:
    """Publish our metadata; `?certificate=current` or `next` names one certificate only."""
    saml, only = service_provider(), request.GET.get("certificate", "")
    xml = metadata.document(saml.party, saml.contact, only=only, now=clock.now())
    return HttpResponse(xml, content_type="application/samlmetadata+xml")


@csrf_exempt
@from_other_sites
@never_cache
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Take the provider's answer, posted from its site, and go on where our own cookie is sent.

    No session is touched: what protects the answer is its signature and the request it answers.
    """
    saml, now = service_provider(), clock.now()
    signing_on.step(signing_on.Step.ANSWER, address=access.actor_of(request).address, now=now)
    onward = saml.receive(_plain(request.POST), now=now)
    response = HttpResponseRedirect(f"{reverse('identification-return')}?{urlencode(onward)}")
    # See Other: the browser goes on with GET, and so with its SameSite=Lax cookies.
    response.status_code = 303
    return response


@never_cache
@require_GET
def single_logout(request: HttpRequest) -> HttpResponse:
    """Take the provider's answer to our logout request, or its own request."""
    saml = service_provider()
    if "SAMLResponse" in request.GET:
        return _come_back(request, saml)
    if "SAMLRequest" in request.GET:
        return _end(request, saml)
    raise Http404


def _come_back(request: HttpRequest, saml: Saml) -> HttpResponse:
    """Tell whether the provider's session has ended as well, in the language left in."""
    left, now = request.session.pop(FAREWELL, {}), clock.now()
    try:
        done = saml.is_ended(*_signed(request), request=left.get("request", ""), now=now)
    except NotIdentified as error:
        log.warning("saml_logout_refused", problem=error.problem)
        done = False
    everywhere = "" if done else "?partly=1"
    with override(left.get("language", get_language())):
        return redirect(f"{reverse('accounts:logged_out')}{everywhere}")


def _end(request: HttpRequest, saml: Saml) -> HttpResponse:
    """End the sessions the provider names, whether or not their cookie came along; answer it."""
    now = clock.now()
    try:
        wish = saml.wish(*_signed(request), now=now)
    except NotIdentified as error:
        log.warning("saml_logout_refused", problem=error.problem)
        raise
    signing_on.end_by_provider(wish.name_id, wish.indexes, now=now)
    mine = request.session.get(SIGN_ON)
    if mine and sessions.standing(mine["id"], now=now) is None:
        auth.logout(request)
    return HttpResponseRedirect(wish.answer_url)


def _signed(request: HttpRequest) -> tuple[dict[str, str], str]:
    """Return the query, read and as it was sent; raises NotIdentified when the two may differ.

    The signature is over the parts as they were sent, found by their names. A name that is
    written in another way, or twice, would have one value verified and another one read.
    """
    raw = request.META["QUERY_STRING"]
    names = [part.partition("=")[0] for part in raw.split("&")]
    if sorted(names) != sorted(request.GET):
        raise NotIdentified("names of parameters")
    return _plain(request.GET), raw


def _plain(values: QueryDict) -> dict[str, str]:
    found: dict[str, Any] = values.dict()
    return found
