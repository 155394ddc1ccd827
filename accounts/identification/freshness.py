"""Checks that an authentication is recent enough for the request."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from accounts.identification.identity import NotIdentified
from certportal.foundation import clock

# OpenID Connect Core 1.0 §3.1.3.7 and SAML 2.0 allow for clock skew.
LEEWAY_SECONDS = 30
NEVER = datetime.min.replace(tzinfo=UTC)


def check_freshness(auth_time: Any, since: str | None, now: datetime) -> None:
    """Raise NotIdentified if `auth_time` is not a number, in the future or before `since`.

    `auth_time` is in seconds since 1970, `since` in ISO 8601. Without `since`, `auth_time` may be
    absent, or earlier than the request (single sign-on).
    """
    if auth_time is None and since is None:
        return
    earliest = datetime.fromisoformat(since).timestamp() if since else 0.0
    is_time = isinstance(auth_time, int | float) and not isinstance(auth_time, bool)
    if not is_time or not earliest <= auth_time + LEEWAY_SECONDS:
        raise NotIdentified("auth_time")
    if auth_time - LEEWAY_SECONDS > now.timestamp():
        raise NotIdentified("auth_time")


def identified_at(request: HttpRequest) -> datetime:
    """Return when the person last identified in this session.

    `NEVER` if that is unknown, or if a clock that was ahead wrote it.
    """
    stored = request.session.get("identified_at")
    at = datetime.fromisoformat(stored) if stored else NEVER
    return at if at <= clock.now() + clock.MAY_DIFFER else NEVER
