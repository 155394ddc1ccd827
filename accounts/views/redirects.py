"""Redirect targets: the requested next page, and the landing page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts import access
from certportal.foundation.web.queries import kept_path, without_key


def next_page(request: HttpRequest) -> str:
    """Return the URL in parameter ``next`` if it is on this site, else empty (no open redirect)."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return without_key(address) if ours and address.startswith("/") else ""


def with_next(request: HttpRequest, name: str) -> str:
    """Return the URL of the named page, which leads on to the requested next page if any."""
    query = f"?{urlencode({'next': next_page(request)})}" if next_page(request) else ""
    return f"{reverse(name)}{query}"


def identify_anew(request: HttpRequest) -> HttpResponse:
    """Redirect to fresh identification, which leads back to this page."""
    query = urlencode({"anew": "1", "next": kept_path(request)})
    return redirect(f"{reverse('accounts:identify')}?{query}")


def landing(request: HttpRequest) -> str:
    """Return the URL of the page after login: the page of the person's role, else the account."""
    user = request.user
    person = user.person if user.is_authenticated else None
    if person is not None and access.reads_console(person.current):
        return resolve_url(settings.REVIEWER_REDIRECT_URL)
    if user.is_active and user.is_superuser:
        return resolve_url(settings.SUPERUSER_REDIRECT_URL)
    return resolve_url(settings.LOGIN_REDIRECT_URL)
