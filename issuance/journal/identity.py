"""Which journal this is: an id in a file beside it, which counts only where it was made.

The file holds its own inode number as well. A copy of the folder made by rsync, and a folder that
was restored from a backup, is thus another journal; a container made anew with the same volume, and
a disk put into another machine, is the same. Backups leave the file out.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from certportal.foundation.own_files import OWN_FOLDER, make_folder, sync_folder
from issuance.journal.files import JournalUnavailable, path


def identity() -> str:
    """The id of this journal, made at its first use. Raises JournalUnavailable."""
    try:
        if known := _read():
            return known
        with _alone():
            return _read() or _make()
    except OSError as error:
        raise JournalUnavailable(type(error).__name__) from error


def renew_identity() -> str:
    """Make this a new journal and return its id. Raises JournalUnavailable."""
    try:
        with _alone():
            return _make()
    except OSError as error:
        raise JournalUnavailable(type(error).__name__) from error


def _file() -> Path:
    return path("").parent / ".identity"


def _read() -> str:
    """The id, or "" if there is none that was made here."""
    try:
        with _file().open() as file:
            known, _, inode = file.read().partition(" ")
            return known if inode == str(os.fstat(file.fileno()).st_ino) else ""
    except FileNotFoundError:
        return ""


def _make() -> str:
    made, folder = uuid4().hex, _file().parent
    descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".identity.", suffix=".part")
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{made} {os.fstat(descriptor).st_ino}")
        file.flush()
        os.fsync(descriptor)
    Path(draft).replace(_file())
    sync_folder(folder)
    return made


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock on the folder, so that two processes do not both make an id."""
    folder = _file().parent
    make_folder(folder, OWN_FOLDER)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
