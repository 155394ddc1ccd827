"""Where a person goes next."""

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import access
from accounts.services.people import present


def wanted(request: HttpRequest) -> str:
    """Return the page of this service named by ``next``; empty when it is none of ours."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if ours and address.startswith("/") else ""


def landing(request: HttpRequest) -> str:
    """Return the page a person comes to: reviewers the console, all others their account."""
    user = request.user
    person = user.person if user.is_authenticated else None
    if person is not None and access.is_reviewer(present(person)):
        return resolve_url(settings.REVIEWER_REDIRECT_URL)
    return resolve_url(settings.LOGIN_REDIRECT_URL)
