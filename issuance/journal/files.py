"""The files of the journal: writing lines durably, and keeping disk space for the next ones."""

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

from django.conf import settings

from certportal.foundation import own_files
from certportal.foundation.errors import Unavailable, system_words
from issuance.faults import reach
from issuance.journal.entry import Entry, parse

# A full disk must stop issuing before anything is signed. ROOM is the free space required then,
# _RESERVE is kept for the lines of certificates already signed. A line has about 4,000 bytes.
ROOM = 4 * 1024 * 1024
_RESERVE = 1024 * 1024


class JournalUnavailable(Unavailable):
    """The journal cannot be written, so nothing may be signed."""


def path(stem: str) -> Path:
    """The current journal file of the CA ``stem``."""
    return _path(settings.PORTAL_DATA, stem)


@lru_cache(maxsize=64)
def _path(data: str | Path, stem: str) -> Path:
    return Path(data) / "journal" / f"{stem}.journal"


def every_path(stem: str) -> list[Path]:
    """All existing journal files of the CA ``stem``, oldest first, the current file last."""
    current = path(stem)
    aside = sorted(current.parent.glob(f"{current.name}.*"))
    return [each for each in (*aside, current) if each.exists()]


def stems() -> list[str]:
    """The stem of every CA with a journal file, whether it is in the database or not."""
    files = path("").parent.glob("*.journal*")
    return sorted({each.name.partition(".journal")[0] for each in files})


def ensure_room(stem: str) -> None:
    """Raise JournalUnavailable unless there is space for the next lines.

    The reserve is a separate file. ``append`` deletes it to free its blocks if the disk becomes
    full after a certificate was signed.
    """
    try:
        folder = path(stem).parent
        own_files.make_folder(folder, own_files.OWN_FOLDER)
        space = os.statvfs(folder)
        if space.f_bavail * space.f_frsize < ROOM or not os.access(folder, os.W_OK):
            raise JournalUnavailable("the disk is full")
        _fill(_reserve(stem))
    except OSError as error:
        raise JournalUnavailable(system_words(error)) from error


@contextmanager
def opened(stem: str) -> Iterator[IO[bytes]]:
    """Open the current file, under an exclusive lock.

    The file is created if it does not exist, and an incomplete last line is completed or removed.
    """
    file_path = path(stem)
    is_new = not file_path.exists()
    descriptor = own_files.open_or_make(file_path, os.O_RDWR | os.O_APPEND)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_new:
            own_files.sync_folder(file_path.parent)
        _mend_tail(file.fileno())
        yield file


def write(stem: str, descriptor: int, entries: Sequence[Entry]) -> None:
    """Append the entries to the opened file and sync it: all or none. Raises OSError."""
    end = os.lseek(descriptor, 0, os.SEEK_END)
    previous, lines = _last_digest(stem, descriptor, end), b""
    for entry in entries:
        line = entry.line(previous)
        previous, lines = line[:64].decode(), lines + line
    try:
        _write(stem, descriptor, lines)
        reach("journal_before_sync")
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)  # all or none: remove what was written
        raise


def _write(stem: str, descriptor: int, content: bytes) -> None:
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except OSError as error:
            reserve = _reserve(stem)
            if error.errno not in {errno.ENOSPC, errno.EDQUOT} or not reserve.exists():
                raise
            reserve.unlink()  # frees space; without the reserve a second failure is raised


def _mend_tail(descriptor: int) -> None:
    """Complete or remove the last line if a crashed writer left it without a line feed."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if not size or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    tail = _last_line(descriptor, size)
    if parse(tail):
        os.write(descriptor, b"\n")
    else:
        os.ftruncate(descriptor, size - len(tail))


def _last_digest(stem: str, descriptor: int, size: int) -> str:
    """The hash of the last line, from an older file if this is empty; "" if there is none."""
    if size:
        line = parse(_last_line(descriptor, size))
        return line.digest if line else ""
    moved = [each for each in every_path(stem) if each != path(stem)]
    if not moved:
        return ""
    with moved[-1].open("rb") as file:
        return _last_digest(stem, file.fileno(), os.fstat(file.fileno()).st_size)


def _last_line(descriptor: int, size: int) -> bytes:
    block, start = b"", size
    while start and b"\n" not in block[:-1]:
        step = min(start, 8192)
        start -= step
        block = os.pread(descriptor, step, start) + block
    return block[block[:-1].rfind(b"\n") + 1 :]


def _reserve(stem: str) -> Path:
    return path(stem).with_suffix(".reserve")


def _fill(reserve: Path) -> None:
    if reserve.exists() and reserve.stat().st_size == _RESERVE:
        return
    own_files.replace(
        reserve, os.urandom(_RESERVE), own_files.OWN
    )  # a compressing file system would shrink zeros
