"""Differences that an operator has explained, such as what a restored backup had lost.

They are in a file beside the journal, which the database's owner cannot write. An event records how
many were added and the hash of the file.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.event_log.files import folder
from certportal.foundation.own_files import OWN, OWN_FOLDER, locked_folder, replace
from issuance.event_names import IssuanceEvent
from issuance.services.event_log import key


def lines() -> set[str]:
    """Return the settled differences, as the command prints them. Raises OSError."""
    try:
        return set(_path().read_text().splitlines())
    except FileNotFoundError:
        return set()


def settle(found: Sequence[str], *, actor: Actor, now: datetime) -> None:
    """Record these differences as explained, so that they are not reported again.

    The event comes first: nothing is left unreported of which no event tells. Raises OSError,
    LogUnavailable.
    """
    about = events.Subject("event_log", key.published().name)
    with locked_folder(_path().parent, OWN_FOLDER):
        text = "".join(f"{line}\n" for line in sorted({*lines(), *found}))
        digest = hashlib.sha256(text.encode()).hexdigest()
        events.record(
            IssuanceEvent.AUDIT_SETTLED, about, actor, now, count=len(set(found)), sha256=digest
        )
        replace(_path(), text.encode(), OWN)


def _path() -> Path:
    return folder().parent / "settled-differences.txt"
