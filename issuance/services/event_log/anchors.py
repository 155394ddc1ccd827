"""Heads of the log that are kept outside it: in events, in a directory and with auditors by mail.

Whoever replaces the log by an older or another one would have to change all of them. An event holds
the head with its signature, so that a forged event is not taken for an anchor.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Verifier
from certportal.foundation.files.other_disks import within_limit
from certportal.foundation.models import Event
from certportal.foundation.outbox import outbox
from certportal.foundation.own_files import GROUP, replace
from issuance.event_names import IssuanceEvent
from issuance.services.event_log import cosigned, key, second_place

type Anchor = tuple[str, Checkpoint]
"""Where a head is kept, and the head."""

KIND = "event_log"


def anchor(*, now: datetime) -> Checkpoint | None:
    """Put the present head into an event and the directory of anchors, and mail it to auditors.

    None if there is no log. Raises LogUnavailable, CopyUnavailable.
    """
    files = LogFiles(folder())
    try:
        if not files.note():
            return None
        verifier = key.published()
        with files.alone():  # a head that only this machine has could be lost with it
            second_place.bring_up(files, verifier)
            note = files.note()
        head = Checkpoint.opened(note, verifier)
        _put_outside(note, head.size, now)
    except (OSError, BadNote) as error:
        raise LogUnavailable(f"the head cannot be anchored: {error}") from error
    with transaction.atomic():
        subject = events.Subject(KIND, head.origin)
        actor = system("event-log")
        events.record(IssuanceEvent.LOG_ANCHORED, subject, actor, now, size=head.size, head=note)
        tell(settings.EVENT_LOG_AUDITORS, note, verifier, now=now)
        outbox.enqueue("event_log.headed", now=now, size=head.size, head=note)
    return head


def _put_outside(note: str, size: int, now: datetime) -> None:
    """Put the head, and the newest one that witnesses signed, into the directory of anchors."""
    if place := settings.EVENT_LOG_ANCHORS:
        notes = {f"{now:%Y-%m-%d}-{size}.checkpoint": note}
        if signed := cosigned.note():
            notes[f"{now:%Y-%m-%d}-cosigned.checkpoint"] = signed
        for name, content in notes.items():
            within_limit(place, partial(replace, Path(place, name), content.encode(), GROUP))


def tell(auditors: Sequence[str], note: str, verifier: Verifier, *, now: datetime) -> None:
    """Have the head mailed to each of the addresses."""
    size = Checkpoint.opened(note, verifier).size
    for address in auditors:
        payload = {"address": address, "head": note, "verifier": str(verifier)}
        outbox.enqueue("event_log.anchored", now=now, size=size, **payload)


def heads_in_events(verifier: Verifier) -> Iterator[Anchor]:
    """Yield the heads in events, the newest first, except those not signed by the log's key."""
    for source, note in notes_in_events(verifier.name):
        # Whoever can write to the database can insert an event with a forged head.
        with suppress(BadNote):
            yield source, Checkpoint.opened(note, verifier)


def notes_in_events(name: str) -> Iterator[tuple[str, str]]:
    """Yield the source and the note of each event with a head of this log, the newest first."""
    about = Event.objects.filter(object_type=KIND, object_id=name)
    rows = about.filter(action=IssuanceEvent.LOG_ANCHORED)
    for number, data in rows.order_by("-pk").values_list("pk", "data"):
        yield f"event {number}", str(data.get("head", ""))


def put_beside(note: str, size: int, suffix: str, content: bytes) -> None:
    """Write a file beside each file of this head in EVENT_LOG_ANCHORS. Raises OSError."""

    def put() -> None:
        for path in Path(place).glob(f"*-{size}.checkpoint"):
            if path.read_text() == note:
                replace(path.with_name(path.name + suffix), content, GROUP)

    if place := settings.EVENT_LOG_ANCHORS:
        within_limit(place, put)


def kept_in(places: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Yield name and note of each head in these files and directories. Raises OSError."""
    for place in places:
        for path in within_limit(place, partial(_heads, place)):
            yield str(path), within_limit(place, path.read_text)


def _heads(place: Path) -> list[Path]:
    return sorted(place.glob("*.checkpoint")) if place.is_dir() else [place]
