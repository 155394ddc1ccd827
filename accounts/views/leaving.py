"""Logging out: here first, then at the identification provider."""

from typing import Any

from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import access
from accounts.identification.identity import ProviderSession, provider
from accounts.middleware import SIGN_ON
from accounts.services import sessions
from certportal.foundation import clock

# What the session remembers of a logout on its way.
FAREWELL = "farewell"


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session here and go on to say so.

    The provider is visited from that page: a form's answer may not lead elsewhere under
    `form-action 'self'`.
    """
    left: dict[str, Any] | None = request.session.get(SIGN_ON)
    if left:
        sessions.leave(left["id"], actor=access.actor_of(request), now=clock.now())
    auth.logout(request)
    if left and "name_id" in left:
        request.session[FAREWELL] = {"name_id": left["name_id"], "index": left["index"]}
    return redirect("accounts:logged_out")


@require_GET
@never_cache
def logged_out(request: HttpRequest) -> HttpResponse:
    """Confirm that the session has ended, and lead on to end the provider's session too."""
    context = {"onward": farewell(request), "partly": "partly" in request.GET}
    return render(request, "accounts/logged_out.html", context)


def farewell(request: HttpRequest) -> str:
    """Return where the provider's session is ended, once; empty when there is nothing to end."""
    left: dict[str, str] = request.session.get(FAREWELL, {})
    if "name_id" not in left:
        return ""
    going = provider().farewell(ProviderSession(left["name_id"], left["index"]))
    if going is None:
        del request.session[FAREWELL]
        return ""
    request.session[FAREWELL] = {"request": going.request, "language": get_language()}
    return going.url
