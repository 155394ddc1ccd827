"""The test provider's views: discovery, keys, the page to choose a person, the token."""

import base64
import hmac
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.identification.oidc.client import challenge
from accounts.identification.testidp import persons, tokens
from certportal.foundation import clock

ASKED = ("client_id", "redirect_uri", "nonce", "code_challenge")


def issuer(request: HttpRequest) -> str:
    """Return the issuer identifier: the provider's address on the requested host."""
    return request.build_absolute_uri(reverse("testidp:root")).rstrip("/")


@require_GET
def discovery(request: HttpRequest) -> JsonResponse:
    """Publish the provider's addresses (OpenID Connect Discovery 1.0 §3)."""
    base = issuer(request)
    return JsonResponse(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": [tokens.LEVEL],
            "ui_locales_supported": [code for code, _name in settings.LANGUAGES],
        }
    )


@require_GET
def jwks(request: HttpRequest) -> JsonResponse:
    return JsonResponse(tokens.key_set())


@never_cache
def authorize(request: HttpRequest) -> HttpResponse:
    """Let the visitor choose a person, and redirect back with a code for that person."""
    problem = fault(request)
    if problem:
        return HttpResponse(problem, status=400, content_type="text/plain")
    if request.method == "POST":
        person = persons.find(request.POST.get("person", ""))
        answer = {"state": request.GET["state"]}
        if person is None:
            answer["error"] = "access_denied"
        else:
            asked = {name: request.GET[name] for name in ASKED}
            answer["code"] = tokens.new_code(person, asked, now=clock.now())
        return HttpResponseRedirect(f"{request.GET['redirect_uri']}?{urlencode(answer)}")
    known = dict(settings.LANGUAGES)
    wanted = request.GET.get("ui_locales", "").split()
    language = next((code for code in wanted if code in known), settings.LANGUAGE_CODE)
    with translation.override(language):
        return render(request, "accounts/testidp/authorize.html", {"persons": persons.PERSONS})


def fault(request: HttpRequest) -> str:
    """Return the error in an authorisation request, or an empty string."""
    asked = request.GET
    if asked.get("client_id") != settings.OIDC_CLIENT_ID:
        return "unknown client"
    if asked.get("redirect_uri") != request.build_absolute_uri(reverse("identification-return")):
        return "unknown redirect_uri"
    if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
        return "only response_type=code and scope=openid are spoken"
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return "PKCE with S256 is required"
    return "" if asked.get("nonce") and asked.get("state") else "state and nonce are required"


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> JsonResponse:
    """Exchange a code for an ID token (RFC 6749 §4.1.3, RFC 7636 §4.6)."""
    known = (settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)
    expected = ":".join(map(quote_plus, known)).encode()
    given = request.headers.get("Authorization", "")
    wanted = f"Basic {base64.b64encode(expected).decode()}"
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        return JsonResponse({"error": "invalid_client"}, status=401)
    now = clock.now()
    asked = tokens.redeem(request.POST.get("code", ""), now=now)
    person = persons.find(asked["person"]) if asked else None
    if asked is None or person is None or not _belongs(request.POST, asked):
        return JsonResponse({"error": "invalid_grant"}, status=400)
    content = tokens.claims(person, asked, issuer(request), now)
    return JsonResponse(
        {
            "access_token": asked["once"],
            "token_type": "Bearer",
            "expires_in": int(tokens.TOKEN_LASTS.total_seconds()),
            "id_token": tokens.id_token(content),
        }
    )


def _belongs(posted: Any, asked: dict[str, str]) -> bool:
    same_place = posted.get("redirect_uri") == asked["redirect_uri"]
    return same_place and challenge(posted.get("code_verifier", "")) == asked["code_challenge"]
