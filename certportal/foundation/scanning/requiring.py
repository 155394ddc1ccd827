"""Documents that carry a known virus are refused, on record."""

import hashlib
from datetime import datetime

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.documents import Infected
from certportal.foundation.scanning.protocol import scanner


def require_clean(
    data: bytes, *, object_type: str, object_id: object, actor: Actor, now: datetime
) -> None:
    """Raise Infected, on record, when the scanner knows a virus in the bytes; nothing is kept.

    Raises Unavailable when the scanner does not answer. Called with no transaction open.
    """
    found = scanner().scan(data)
    if not found:
        return
    events.record(
        f"{object_type}.virus_refused",
        actor=actor,
        now=now,
        object_type=object_type,
        object_id=object_id,
        refused=True,
        data={"found": found, "sha256": hashlib.sha256(data).hexdigest()},
    )
    raise Infected(found)
