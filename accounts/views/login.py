"""Views for logging in through the identification service."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import access
from accounts.identification import flow
from accounts.identification.identity import Cancelled, Identity, NotIdentified
from accounts.mandates import visit
from accounts.middleware import SIGN_ON
from accounts.models import User
from accounts.services.people import browsers, sessions, sign_on
from accounts.views.factors import PENDING
from accounts.views.redirects import landing, next_page
from certportal.foundation import clock

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


@require_GET
@never_cache
def login(request: HttpRequest) -> HttpResponse:
    """Explain that the person will be sent to the identification service."""
    if getattr(request, "person", None) is not None:
        return redirect(next_page(request) or landing(request))
    query = urlencode({"next": next_page(request)}) if next_page(request) else ""
    context = {"query": query, "unsaved": "unsaved" in request.GET}
    return render(request, "accounts/login.html", context)


@require_GET
@never_cache
def identify(request: HttpRequest) -> HttpResponse:
    """Send the browser to the identification service.

    Reached by a link, because under CSP `form-action 'self'` a form's response may not redirect
    to another site. Parameter `anew` requests fresh identification. Embedded requests are refused
    and not counted (Fetch Metadata, 2.1): another site could otherwise use up an office's limit.
    """
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        raise PermissionDenied
    language = translation.get_language() or settings.LANGUAGE_CODE
    anew, now = "anew" in request.GET, clock.now()
    sign_on.step(sign_on.Step.LEAVING, address=access.actor_of(request).address, now=now)
    url = flow.leave(request, language=language, wanted=next_page(request), now=now, anew=anew)
    return HttpResponseRedirect(url)


@require_GET
@never_cache
def returned(request: HttpRequest) -> HttpResponse:
    """Handle the return from the identification service and log the person in."""
    left = flow.remembered(request.session, request.GET.get("state", ""))
    language = left["language"] if left else settings.LANGUAGE_CODE
    translation.activate(language)
    now = clock.now()
    if left is None:
        sign_on.step(sign_on.Step.STRAY, address=access.actor_of(request).address, now=now)
    # The previous version, which runs beside this one during an upgrade, stores no such key.
    introduces = left is not None and left.get("introduces", False)
    try:
        identity = flow.arrive(request, left, now=now)
    except NotIdentified as refusal:
        return _turned_back(request, refusal, left if introduces else None)
    entry = sign_on.enter(identity, language=language, client=client_of(request), now=now)
    earlier = request.session.get(SIGN_ON)
    if earlier:
        sessions.leave(earlier["id"], actor=access.actor_of(request), now=now)
    begin_anew(request, entry.login)
    remember(request, identity.proven_at, now)
    remember_session(request, identity, entry)
    if introduces:
        fault = "silent" if identity.kind == "hetu" else "foreign"
        visit.introduce(request.session, identity.introduced, fault=fault)
    return redirect((left or {}).get("next") or landing(request))


def _turned_back(
    request: HttpRequest, refusal: NotIdentified, left: dict[str, Any] | None
) -> HttpResponse:
    """Redirect to a page with advice, or back to the page of the visit, if `left` is of one."""
    is_choice = isinstance(refusal, Cancelled)
    if left is None:
        return redirect("accounts:cancelled" if is_choice else "accounts:not_identified")
    visit.introduce(request.session, None, fault="cancelled" if is_choice else "not identified")
    return redirect(left["next"])


def remember(request: HttpRequest, proven_at: datetime | None, now: datetime) -> None:
    """Store when the person identified, since some acts require recent identification.

    If the provider does not tell the time, it may have reused an earlier session (single sign-on),
    so nothing is stored.
    """
    if proven_at is None:
        request.session.pop("identified_at", None)
    else:
        request.session["identified_at"] = min(proven_at, now).isoformat()


def begin_anew(request: HttpRequest, login: User) -> None:
    """Log in under a new session id, without a proven second factor.

    The id is cycled here because Django keeps it when the same user logs in again. Other session
    data, such as the chosen organisation, is kept; Django flushes it if another user logs in.
    """
    for name in (access.SECOND_FACTOR, PENDING):
        request.session.pop(name, None)
    request.session.cycle_key()
    auth.login(request, login, backend=BACKEND)


def remember_session(request: HttpRequest, identity: Identity, entry: sign_on.Entry) -> None:
    """Store the key of the `SignOn` row, and what is needed to end the provider's session."""
    request.session[SIGN_ON] = {"id": str(entry.sign_on)}
    if identity.session is not None:
        request.session[SIGN_ON] |= {
            "name_id": identity.session.name_id,
            "index": identity.session.index,
        }


def client_of(request: HttpRequest) -> sessions.Client:
    """Return the network address and browser of the request."""
    browser = browsers.in_words(request.headers.get("User-Agent", ""))
    return sessions.Client(access.actor_of(request).address, browser)


@require_GET
def cancelled(request: HttpRequest) -> HttpResponse:
    """Tell a person who cancelled identification that nothing happened, and how to go on."""
    return render(request, "accounts/cancelled.html")


@require_GET
def not_identified(request: HttpRequest) -> HttpResponse:
    """Tell that identification failed, and what may help."""
    return render(request, "accounts/not_identified.html")
