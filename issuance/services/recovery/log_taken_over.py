"""The log of events in a take-over: from the second place, or the one here if it is longer.

It is only continued if it is whole and has what the database says it had: the heads in events, and
the approvals of every certificate.
"""

from pathlib import Path
from typing import NamedTuple

from django.db.models import CharField
from django.db.models.functions import Cast

from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder, logged_number
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Verifier
from certportal.foundation.event_log.verifying import Kind, verify
from certportal.foundation.events import subject_of
from certportal.foundation.models import Event
from issuance.event_names import IssuanceEvent
from issuance.models import Certificate, PreparedCertificate
from issuance.services.event_log import anchors, key
from issuance.services.event_log.second_place import carry, ensure_copied, log_in, unlimited

_REFUSED = (Kind.HEAD, Kind.TILE, Kind.ENTRY, Kind.OLDER, Kind.FORKED)


class Taken(NamedTuple):
    """A log that is to be continued here: its files, and its head as it was read."""

    files: LogFiles
    note: str
    head: Checkpoint


def examine(place: Path) -> Taken | None:
    """Return the log to continue: the one in ``place``, a journal's copy, or the one here.

    None if the copy has none. Raises LogUnavailable if it must not be continued; OSError.
    """
    copy = log_in(place)
    if not copy.note():
        return None
    if not key.is_there():
        raise LogUnavailable("its key (event-log.key, event-log.vkey) is not among the keys here")
    verifier = key.load().verifier
    copied, own = _opened(copy, verifier), _opened(LogFiles(folder()), verifier)
    if copied is None:
        return None
    taken = _longer(copied, own) if own else copied
    notes = anchors.notes_in_events(verifier.name)
    for finding in verify(taken.files, verifier, (), horizon=0, notes=notes).findings:
        if finding.kind in _REFUSED:
            raise LogUnavailable(str(finding))
    _require_approvals(taken)
    return taken


def adopt(taken: Taken) -> None:
    """Make it the log here, and copy it to this journal's own second place.

    May be repeated after a crash. Raises OSError, Unavailable.
    """
    here = LogFiles(folder())
    if taken.files != here:
        with here.alone():
            carry(taken.files, here, taken.note, run=unlimited)
    ensure_copied(run=unlimited)


def _longer(copy: Taken, here: Taken) -> Taken:
    """Return the longer one, which must begin with the other. Raises LogUnavailable."""
    longer, shorter = (here, copy) if here.head.size >= copy.head.size else (copy, here)
    if longer.files.tiles(longer.head.size).root(shorter.head.size) != shorter.head.root:
        raise LogUnavailable(
            f"it and the log in {here.files.folder} have diverged. What a machine logged before it"
            " died, and its second place lacks, proves nothing: put that folder aside"
        )
    return longer


def _opened(files: LogFiles, verifier: Verifier) -> Taken | None:
    try:
        note = files.note()
        return Taken(files, note, Checkpoint.opened(note, verifier)) if note else None
    except (BadNote, UnicodeDecodeError) as error:
        raise LogUnavailable(f"{files.head_path}: {error}") from error


def _require_approvals(taken: Taken) -> None:
    signed = Certificate.objects.annotate(about=Cast("prepared_id", CharField())).values("about")
    kind = subject_of(PreparedCertificate()).type
    approvals = Event.objects.filter(
        object_type=kind, object_id__in=signed, action=IssuanceEvent.APPROVED, refused=False
    )
    lacking = set(approvals.values_list("pk", flat=True))
    for entry in taken.files.entries(0, taken.head.size):
        lacking.discard(logged_number(entry))
    if lacking:
        raise LogUnavailable(
            f"it lacks the approvals of certificates that the database has: {len(lacking)} events"
        )
