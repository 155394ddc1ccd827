"""Another log in the place of this one, under another key: its key was lost, or others have it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from certportal.foundation.errors import system_words
from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.log_keys import LogKey
from certportal.foundation.own_files import OWN_FOLDER, make_folder, sync_folder
from issuance import journal
from issuance.journal.copies import own_folder
from issuance.services.approvers import register
from issuance.services.event_log import key

_NO_LOG = {"lock", "verifier"}
"""Files that are in a folder before a log is."""


def replace_log(name: str, *, now: datetime) -> tuple[LogKey, ...]:
    """Put aside the log, its key and the register signed with it; make and publish another key.

    The signing worker makes the new log, of all events. An interrupted run is continued by the
    next. Return all keys, the new one first. Raises LogUnavailable, BadNote.
    """
    mark = key.keys()[0].verifier.key_id.hex()
    try:
        with LogFiles(folder()).alone():
            for place in _places():
                if {each.name for each in (place / "events").glob("*")} - _NO_LOG:
                    _move(place / "events", place / "former" / f"events-{mark}")
            if (signed := register.path()).exists():
                _move(signed, signed.parent / "former" / f"approvers-{mark}.note")
        made = key.replace_with(name, now=now)
        make_folder(folder(), OWN_FOLDER)
        key.publish(made[0].verifier)
    except OSError as error:
        raise LogUnavailable(f"{error.filename}: {system_words(error)}") from error
    return made


def _places() -> Iterator[Path]:
    """Yield the folders with the log: the journal's, and that of its second place."""
    yield folder().parent
    if settings.JOURNAL_COPY:
        yield own_folder(journal.identity())


def _move(path: Path, to: Path) -> None:
    make_folder(to.parent, OWN_FOLDER)
    path.rename(to)
    sync_folder(to.parent)
    sync_folder(path.parent)
