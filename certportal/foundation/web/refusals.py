"""Records refused access: an event for an identified person, a counter for anonymous visitors.

Events are kept for ever, so the number per person is limited, and none contains text typed by a
visitor.
"""

from datetime import timedelta
from typing import Any

import structlog

from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import TooMany
from certportal.foundation.event_names import EventName
from certportal.foundation.events import Subject
from certportal.foundation.web import limits

log = structlog.get_logger(__name__)

# Events of one person or one holder of a contact link. Probing for others' orders shows in fewer.
MOST_AN_HOUR = 60
HOUR = timedelta(hours=1)


def record(
    name: EventName,
    about: Subject,
    /,
    *,
    actor: Actor,
    **data: Any,
) -> None:
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
