"""Refusing documents with a known virus."""

import hashlib
from datetime import datetime

from django.db.models import Model

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.event_names import EventName
from certportal.foundation.events import Subject
from certportal.foundation.files.documents import Infected
from certportal.foundation.files.scanning.protocol import scanner


def require_clean(
    data: bytes, name: EventName, about: Model | Subject, *, actor: Actor, now: datetime
) -> None:
    """Raise Infected, and record the event `name`, if the scanner finds a virus in the bytes.

    Raises Unavailable when the scanner does not answer. Call outside a transaction.
    """
    found = scanner().scan(data)
    if not found:
        return
    events.record(
        name, about, actor, now, refused=True, found=found, sha256=hashlib.sha256(data).hexdigest()
    )
    raise Infected(found)
