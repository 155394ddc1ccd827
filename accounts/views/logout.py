"""Views for logging out: of this service first, then of the identification provider."""

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
from accounts.services.people import sessions

# Session key: the state of a logout that is in progress at the provider.
PROVIDER_LOGOUT = "provider_logout"


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session here and redirect to the page that confirms it.

    The provider is visited from that page, because under CSP `form-action 'self'` a form's
    response may not redirect to another site.
    """
    left: dict[str, Any] | None = request.session.get(SIGN_ON)
    if left:
        sessions.leave(left["id"], **access.acting(request))
    auth.logout(request)
    if left and "name_id" in left:
        request.session[PROVIDER_LOGOUT] = {"name_id": left["name_id"], "index": left["index"]}
    return redirect("accounts:logged_out")


@require_GET
@never_cache
def logged_out(request: HttpRequest) -> HttpResponse:
    """Confirm that the session has ended, with a link to end the provider's session too."""
    context = {"onward": logout_at_provider(request), "partly": "partly" in request.GET}
    return render(request, "accounts/logged_out.html", context)


def logout_at_provider(request: HttpRequest) -> str:
    """Return the URL that ends the provider's session; empty if there is none. Works once."""
    left: dict[str, str] = request.session.get(PROVIDER_LOGOUT, {})
    if "name_id" not in left:
        return ""
    going = provider().end_session(ProviderSession(left["name_id"], left["index"]))
    if going is None:
        del request.session[PROVIDER_LOGOUT]
        return ""
    request.session[PROVIDER_LOGOUT] = {"request": going.request, "language": get_language()}
    return going.url
