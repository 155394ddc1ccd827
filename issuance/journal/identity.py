"""The identity of a journal: an id in a file beside it, which is valid only where it was made.

The file also holds its own inode number and, if the file system reports it, the inode's generation:
a number given when the inode is made, which is not copied and which chmod and chown do not change.
So a folder copied by rsync or restored from a backup is another journal, but a new container with
the same volume, or a disk put into another machine, is the same one. Backups leave the file out.
"""

import fcntl
import os
import tempfile
from pathlib import Path
from uuid import uuid4

from certportal.foundation.errors import system_words
from certportal.foundation.own_files import OWN_FOLDER, locked_folder, sync_folder
from issuance.journal.files import JournalUnavailable, path

_GET_VERSION = 0x80087601  # FS_IOC_GETVERSION of linux/fs.h


def identity() -> str:
    """The id of this journal, made at its first use. Raises JournalUnavailable."""
    try:
        if known := _read():
            return known
        # Under a lock, so that two processes do not both make an id.
        with locked_folder(_file().parent, OWN_FOLDER):
            return _read() or _make()
    except OSError as error:
        raise JournalUnavailable(system_words(error)) from error


def renew_identity() -> str:
    """Make this a new journal and return its id. Raises JournalUnavailable."""
    try:
        with locked_folder(_file().parent, OWN_FOLDER):
            return _make()
    except OSError as error:
        raise JournalUnavailable(system_words(error)) from error


def _file() -> Path:
    return path("").parent / ".identity"


def _read() -> str:
    """The id, or "" if there is none or it was made elsewhere."""
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
    """The generation of the file's inode; "" if the file system does not report it."""
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
