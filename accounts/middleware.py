"""Middleware: the person who makes the request, their organisation and their language."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control

from accounts import access
from accounts.acting_for import chosen
from accounts.models import Person
from accounts.services.people import sessions
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.web.addresses import address_of

# Session key: the key of the `SignOn` row, and NameID and index of the provider's session.
SIGN_ON = "sign_on"


# Django's key of a session's own lifetime.
PROLONGED = "_session_expiry"


class PersonMiddleware:
    """Sets ``request.person``, ``.actor``, ``.membership`` and ``.organisation``.

    All but ``actor`` are None for visitors. A request without a session cookie costs
    no query. Responses to requests with a session cookie are never cached.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the attributes, get the response and forbid caching it if there is a session."""
        person = self.recognise(request)
        _set(request, person)
        if person is not None:
            read_in(person, request)
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            patch_cache_control(response, private=True, no_store=True)
        return response

    def recognise(self, request: HttpRequest) -> Person | None:
        """Return the session's person; log out a session that has ended, is too old or closed."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        user: Any = request.user
        if not user.is_authenticated:
            if SESSION_KEY in request.session:
                logout(request)
            request.session.modified = True  # each use prolongs a visitor's session
            return None
        found = standing(request) if user.person_id is not None else None
        if found is None:
            logout(request)
            return None
        row = found.row
        # The person of the session is that of the login, or the one that it was merged into.
        person: Person = row.person if row.person_id == user.person_id else user.person
        if person.current.pk == row.person_id:
            request.staff_roles = found.roles  # type: ignore[attr-defined]
            request.memberships = found.memberships  # type: ignore[attr-defined]
        return person.current


def standing(request: HttpRequest) -> sessions.Standing | None:
    """Return the session if it is open; renew its id if the person's rights changed.

    The session is written at most once in `SEEN_EVERY`, so it is given that much longer a lifetime.
    """
    now, sign_on = clock.now(), request.session.get(SIGN_ON)
    found = sessions.standing(sign_on["id"], now=now) if sign_on else None
    if found is None:
        return None
    row = found.row
    if sessions.seen(row, now=now) or not request.session.get(PROLONGED):
        request.session.set_expiry(settings.SESSION_COOKIE_AGE + sessions.SEEN_EVERY.seconds)
    if row.renew:
        request.session.cycle_key()
        sessions.renewed(row)
    request.sign_on = row  # type: ignore[attr-defined]
    return found


def _set(request: Any, person: Person | None) -> None:
    address = address_of(request)
    request.person = person
    request.actor = (
        Actor("visitor", "", address) if person is None else access.actor_for(person, address)
    )
    request.membership = chosen(request, person) if person is not None else None
    request.organisation = request.membership and request.membership.organisation


def read_in(person: Person, request: HttpRequest) -> None:
    """Activate the person's language if the URL names none."""
    if translation.get_language_from_path(request.path_info) is None:
        translation.activate(person.language)
        request.LANGUAGE_CODE = translation.get_language()
