"""The virus scanner interface, the configured scanner, and refusing what it finds."""

import hashlib
from datetime import datetime
from typing import Protocol

from django.db.models import Model

from certportal.foundation import backends, events
from certportal.foundation.actors import Actor
from certportal.foundation.event_names import EventName
from certportal.foundation.files.documents import Infected


class Scanner(Protocol):
    def scan(self, data: bytes) -> str:
        """Return the name of the virus found in the bytes; empty if none.

        Raises Unavailable if the scanner does not answer. Call outside a transaction.
        """


def scanner() -> Scanner:
    found: Scanner = backends.chosen("SCANNER")
    return found


class NoScanner:
    def scan(self, data: bytes) -> str:
        return ""


def require_clean(
    data: bytes, name: EventName, about: Model | events.Subject, *, actor: Actor, now: datetime
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
