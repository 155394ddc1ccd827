"""Which journal this is: an id in a file beside it, which counts only where it was made.

The file holds its own inode number as well, and the inode's generation where the file system tells
it: a number given when the inode was made, which no copy takes along and chmod or chown, unlike the
time of the last change, leave alone. A copy of the folder made by rsync, and a folder that was
restored from a backup, is thus another journal; a container made anew with the same volume, and
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

_GET_VERSION = 0x80087601  # FS_IOC_GETVERSION of linux/fs.h


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
            known, _, made = file.read().partition(" ")
            inode, _, generation = made.partition(" ")
            found = _generation(file.fileno())
            is_same = not found or generation in {"", found}
            return known if is_same and inode == str(os.fstat(file.fileno()).st_ino) else ""
    except FileNotFoundError:
        return ""


def _generation(descriptor: int) -> str:
    """The generation of the file's inode; "" if its file system does not tell it."""
    try:
        return fcntl.ioctl(descriptor, _GET_VERSION, bytes(8)).hex()
    except OSError:
        return ""


def _make() -> str:
    made, folder = uuid4().hex, _file().parent
    descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".identity.", suffix=".part")
    with os.fdopen(descriptor, "w") as file:
        generation = _generation(descriptor)
        file.write(" ".join([made, str(os.fstat(descriptor).st_ino), *filter(None, [generation])]))
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
