"""Logging in: to the identification service and back."""

from datetime import datetime

from django.conf import settings
from django.contrib import auth
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import access, user_agents
from accounts.identification import flow
from accounts.identification.identity import Cancelled, Identity, NotIdentified
from accounts.middleware import SIGN_ON
from accounts.models import User
from accounts.services import sessions, signing_on
from accounts.services.signing_on import Step
from accounts.views.factors import PENDING
from accounts.views.going import landing, wanted
from certportal.foundation import clock

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


@require_GET
@never_cache
def login(request: HttpRequest) -> HttpResponse:
    """Tell that the person is about to be sent to the identification service."""
    if getattr(request, "person", None) is not None:
        return redirect(wanted(request) or landing(request))
    query = urlencode({"next": wanted(request)}) if wanted(request) else ""
    context = {"query": query, "unsaved": "unsaved" in request.GET}
    return render(request, "accounts/login.html", context)


@require_GET
@never_cache
def identify(request: HttpRequest) -> HttpResponse:
    """Send the browser to the identification service.

    Reached by a link: a form's answer may not redirect elsewhere under `form-action 'self'`. The
    links to identify *again* say `anew`. What another site embeds goes nowhere and counts as
    nothing (Fetch Metadata, 2.1): it could lock a whole office out.
    """
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        raise PermissionDenied
    language = translation.get_language() or settings.LANGUAGE_CODE
    anew, now = "anew" in request.GET, clock.now()
    signing_on.step(Step.LEAVING, address=access.actor_of(request).address, now=now)
    url = flow.leave(request, language=language, wanted=wanted(request), now=now, anew=anew)
    return HttpResponseRedirect(url)


@require_GET
@never_cache
def returned(request: HttpRequest) -> HttpResponse:
    """Take the browser back from the identification service and log the person in."""
    left = flow.remembered(request.session, request.GET.get("state", ""))
    language = left["language"] if left else settings.LANGUAGE_CODE
    translation.activate(language)
    now = clock.now()
    if left is None:
        signing_on.step(Step.STRAY, address=access.actor_of(request).address, now=now)
    try:
        identity = flow.arrive(request, left, now=now)
    except Cancelled:
        return redirect("accounts:cancelled")
    except NotIdentified:
        return redirect("accounts:not_identified")
    entry = signing_on.enter(identity, language=language, client=client_of(request), now=now)
    end_earlier(request, now)
    begin_anew(request, entry.login)
    remember(request, identity.proven_at, now)
    remember_session(request, identity, entry)
    return redirect((left or {}).get("next") or landing(request))


def remember(request: HttpRequest, proven_at: datetime | None, now: datetime) -> None:
    """Keep when the person proved who they are: sending and approving ask for a recent proof.

    A provider that does not tell may have known the browser from before: no proof is remembered.
    """
    if proven_at is None:
        request.session.pop("identified_at", None)
    else:
        request.session["identified_at"] = min(proven_at, now).isoformat()


def end_earlier(request: HttpRequest, now: datetime) -> None:
    """End the session that the browser had: identifying again begins another one."""
    earlier = request.session.get(SIGN_ON)
    if earlier:
        sessions.leave(earlier["id"], actor=access.actor_of(request), now=now)


def begin_anew(request: HttpRequest, login: User) -> None:
    """Log in under a new session id, with no second factor proven yet.

    Django leaves the id of whoever is logged in already as it is. Kept are the organisation the
    person acts for and the links that this browser has opened; another person's is emptied.
    """
    for name in (access.SECOND_FACTOR, PENDING):
        request.session.pop(name, None)
    request.session.cycle_key()
    auth.login(request, login, backend=BACKEND)


def remember_session(request: HttpRequest, identity: Identity, entry: signing_on.Entry) -> None:
    """Keep which row stands for this session, and how the provider's session is ended."""
    request.session[SIGN_ON] = {"id": str(entry.sign_on)}
    if identity.session is not None:
        request.session[SIGN_ON] |= {
            "name_id": identity.session.name_id,
            "index": identity.session.index,
        }


def client_of(request: HttpRequest) -> sessions.Client:
    """Return from where the person uses the service."""
    browser = user_agents.in_words(request.headers.get("User-Agent", ""))
    return sessions.Client(access.actor_of(request).address, browser)


@require_GET
def cancelled(request: HttpRequest) -> HttpResponse:
    """Tell a person who turned back that nothing happened, and how to go on."""
    return render(request, "accounts/cancelled.html")


@require_GET
def not_identified(request: HttpRequest) -> HttpResponse:
    """Tell that identification did not succeed, and what may help."""
    return render(request, "accounts/not_identified.html")
