"""The redirect to the provider and back, with the state kept in the session in between."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import reverse

from accounts.identification.identity import Identity, NotIdentified, provider
from certportal.foundation import clock

log = structlog.get_logger(__name__)

KEY = "identification"
# Several tabs may start an identification; beyond this number the oldest is dropped.
MOST_OPEN = 5
LASTS = timedelta(minutes=15)


def leave(
    request: HttpRequest,
    *,
    language: str,
    wanted: str,
    now: datetime,
    anew: bool = False,
    introduces: bool = False,
) -> str:
    """Return the provider's address to redirect to, and store the request in the session.

    `wanted` is the page to return to. `anew`: the person must authenticate again; an existing
    session at the provider does not count. `introduces`: the source of mandates is told who the
    person is. Raises Unavailable.
    """
    since = now if anew else None
    departure = provider().begin(
        callback=callback(request), language=language, since=since, introduces=introduces
    )
    left = {
        "memory": departure.memory,
        "language": language,
        "next": wanted,
        "introduces": introduces,
        "provider": _chosen(),
        "at": now.isoformat(),
    }
    open_ones = list(request.session.get(KEY, {}).items())[1 - MOST_OPEN :]
    request.session[KEY] = dict([*open_ones, (departure.state, left)])
    return departure.url


def remembered(session: SessionBase, state: str) -> dict[str, Any] | None:
    """Remove and return what `leave` stored under the state, or None; a state works once."""
    departures = session.get(KEY, {})
    left: dict[str, Any] | None = departures.pop(state, None)
    session[KEY] = departures
    return left


def arrive(request: HttpRequest, left: dict[str, Any] | None, *, now: datetime) -> Identity:
    """Return the identified person. `left` is the result of `remembered`.

    Raises Cancelled, NotIdentified (both logged) or Unavailable.
    """
    try:
        if left is None or not clock.is_recent(datetime.fromisoformat(left["at"]), LASTS, now=now):
            raise NotIdentified("state")
        # The version before did not store it.
        if left.get("provider", _chosen()) != _chosen():
            raise NotIdentified("answer of a provider that is no longer used")
        answer = {name: request.GET[name] for name in request.GET}
        return provider().complete(answer, left["memory"], callback=callback(request), now=now)
    except NotIdentified as error:
        log.warning("not_identified", problem=error.problem)
        raise


def _chosen() -> str:
    """Return the path of the provider's class."""
    return str(settings.IDENTIFICATION["BACKEND"])


def callback(request: HttpRequest) -> str:
    """Return our absolute return address (redirect_uri), which is the same in every language."""
    return request.build_absolute_uri(reverse("identification-return"))
