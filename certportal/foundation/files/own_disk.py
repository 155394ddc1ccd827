"""Files in the data directory, where there is no shared store."""

import os
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage

from certportal.foundation.files.documents import MAX_BYTES
from certportal.foundation.own_files import make_folder, write_new

ROOM = 3 * MAX_BYTES
"""Free space, in bytes, below which the disk of the documents counts as full."""


class OwnDisk(FileSystemStorage):
    """A folder of the data directory. A stored file is on the disk, whole, before a row names it.

    Django's own storage leaves it in the system's memory, so that a power failure loses it although
    the database has committed its row.
    """

    def _save(self, name: str, content: "File[Any]") -> str:
        content.seek(0)
        write_new(Path(self.path(name)), content.read())
        return name


def has_room() -> bool:
    """Whether documents can be stored here; true with a shared store, which is asked by itself.

    The numbers of new orders are on the same disk.
    """
    if not isinstance(default_storage, FileSystemStorage):
        return True
    folder = Path(default_storage.location)
    try:
        make_folder(folder)
        space = os.statvfs(folder)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize >= ROOM and os.access(folder, os.W_OK)
