"""Records refused access: an event for an identified person, a counter for anonymous visitors.

Events are kept for ever, so the number per person is limited, and none contains text typed by a
visitor.
"""

from datetime import timedelta
from typing import Any

import structlog
from django.http import HttpRequest

from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused, TooMany
from certportal.foundation.event_names import EventName, ServiceEvent
from certportal.foundation.web import limits

log = structlog.get_logger(__name__)

# Per person or holder of a contact link. Fewer are enough to notice probing for others' orders.
MOST_AN_HOUR = 60
HOUR = timedelta(hours=1)


def record(name: EventName, about: events.Subject, /, *, actor: Actor, **data: Any) -> None:
    """Record one attempt by an identified actor as a refused event, up to MOST_AN_HOUR.

    Attempts beyond that, and those of anonymous visitors, only increase a counter. The id of
    `about` is a key or a route's name, never text typed by the visitor.
    """
    now = clock.now()
    if actor.kind == "visitor":
        limits.count(f"refused:{about.type}"[:40], "visitor", per=HOUR, now=now)
        return
    try:
        limits.spend("refused_events", str(actor), most=MOST_AN_HOUR, per=HOUR, now=now)
    except TooMany:
        log.warning("refusal_not_recorded", actor=str(actor), object=about.type)
        return
    events.record(name, about, actor, now, refused=True, **data)


def record_act(request: HttpRequest, error: Refused) -> None:
    """Record an event if an identified person was refused for lack of a right (NotAllowed)."""
    actor, page = getattr(request, "actor", None), request.resolver_match
    if not isinstance(error, NotAllowed) or error.recorded:
        return
    if actor is None or getattr(request, "person", None) is None:
        return
    about = events.Subject("page", page.view_name if page else "")
    record(ServiceEvent.ACT_REFUSED, about, actor=actor, reason=type(error).__name__)
