"""The way to the provider and back: what the session remembers in between."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import reverse

from accounts.identification.identity import Identity, NotIdentified, provider

log = structlog.get_logger(__name__)

KEY = "identification"
# Several tabs may be on their way at once; more than this, and the oldest is forgotten.
MOST_OPEN = 5
LASTS = timedelta(minutes=15)


def leave(
    request: HttpRequest, *, language: str, wanted: str, now: datetime, anew: bool = False
) -> str:
    """Return the provider's address for this browser, and remember where it was going.

    `anew`: an earlier proof that the provider remembers does not count.
    """
    since = now if anew else None
    departure = provider().begin(callback=callback(request), language=language, since=since)
    left = {
        "memory": departure.memory,
        "language": language,
        "next": wanted,
        "at": now.isoformat(),
    }
    open_ones = list(request.session.get(KEY, {}).items())[1 - MOST_OPEN :]
    request.session[KEY] = dict([*open_ones, (departure.state, left)])
    return departure.url


def remembered(session: SessionBase, state: str) -> dict[str, Any] | None:
    """Take what was remembered under the state; each state counts once."""
    departures = session.get(KEY, {})
    left: dict[str, Any] | None = departures.pop(state, None)
    session[KEY] = departures
    return left


def arrive(request: HttpRequest, left: dict[str, Any] | None, *, now: datetime) -> Identity:
    """Return who came back. Raises NotIdentified, Cancelled and Unavailable; logs why."""
    try:
        if left is None or now - datetime.fromisoformat(left["at"]) > LASTS:
            raise NotIdentified("state")
        answer = {name: request.GET[name] for name in request.GET}
        return provider().complete(answer, left["memory"], callback=callback(request), now=now)
    except NotIdentified as error:
        log.warning("not_identified", problem=error.problem)
        raise


def callback(request: HttpRequest) -> str:
    """Return our absolute return address, the same in every language."""
    return request.build_absolute_uri(reverse("identification-return"))
