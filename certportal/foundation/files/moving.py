"""Copying the documents of one machine into the shared store."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import Storage


class Differs(Exception):
    """The store has other bytes under the name of a file."""


def copy(folder: Path, store: Storage) -> Iterator[tuple[str, bool]]:
    """Copy each file of the folder that the store lacks; read every one back and compare.

    Yields each name, and whether it was copied. Raises Differs, OSError, DamagedFile.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not path.is_file():
            continue
        data = path.read_bytes()
        is_new = not store.exists(path.name)
        if is_new:
            store.save(path.name, ContentFile(data))
        with store.open(path.name) as opened:
            if hashlib.sha256(opened.read()).digest() != hashlib.sha256(data).digest():
                raise Differs(path.name)
        yield path.name, is_new
