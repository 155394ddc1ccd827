"""The files of the journal: writing lines, forcing them to disk, room for the next one."""

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

from django.conf import settings

from certportal.foundation.errors import Unavailable
from issuance.faults import reach
from issuance.journal.entry import Entry, parse

# A full disk must stop issuing before the signature: what is free, and what is kept in reserve
# for the lines of signatures already made. A line has about 4,000 bytes.
_ROOM = 4 * 1024 * 1024
_RESERVE = 1024 * 1024


class JournalUnavailable(Unavailable):
    """The journal cannot be written, so nothing may be signed."""


def path(stem: str) -> Path:
    """The open file of the CA ``stem``."""
    return _path(settings.PORTAL_DATA, stem)


@lru_cache(maxsize=64)
def _path(data: str | Path, stem: str) -> Path:
    return Path(data) / "journal" / f"{stem}.journal"


def every_path(stem: str) -> list[Path]:
    """All files of the CA ``stem``, oldest first, the open one last."""
    current = path(stem)
    aside = sorted(current.parent.glob(f"{current.name}.*"))
    return [each for each in (*aside, current) if each.exists()]


def stems() -> list[str]:
    """Every CA that has a file, whether the database knows it or not."""
    files = path("").parent.glob("*.journal*")
    return sorted({each.name.partition(".journal")[0] for each in files})


def ensure_room(stem: str) -> None:
    """Raise JournalUnavailable unless the next lines can be written for sure.

    The reserve is a file of its own that is really written; ``append`` gives its blocks up when
    the disk turns out to be full after a signature was made.
    """
    try:
        folder = path(stem).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        space = os.statvfs(folder)
        if space.f_bavail * space.f_frsize < _ROOM or not os.access(folder, os.W_OK):
            raise JournalUnavailable("the disk is full")
        _fill(_reserve(stem))
    except OSError as error:
        raise JournalUnavailable(type(error).__name__) from error


@contextmanager
def opened(stem: str) -> Iterator[IO[bytes]]:
    """The open file, alone, made if need be, with its torn tail cut off."""
    file_path = path(stem)
    is_new = not file_path.exists()
    descriptor = os.open(file_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_new:
            _sync_folder(file_path.parent)
        _mend_tail(file.fileno())
        yield file


def write(stem: str, descriptor: int, entries: Sequence[Entry]) -> None:
    """Add lines to the opened file and force them to disk: all or none. Raises OSError."""
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
        os.ftruncate(descriptor, end)  # half a line tells nobody anything
        raise


def _write(stem: str, descriptor: int, content: bytes) -> None:
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except OSError as error:
            reserve = _reserve(stem)
            if error.errno not in {errno.ENOSPC, errno.EDQUOT} or not reserve.exists():
                raise
            reserve.unlink()  # only once: the next round raises


def _mend_tail(descriptor: int) -> None:
    """Finish or cut off the line in whose middle the last writer died."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if not size or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    tail = _last_line(descriptor, size)
    if parse(tail):
        os.write(descriptor, b"\n")
    else:
        os.ftruncate(descriptor, size - len(tail))


def _last_digest(stem: str, descriptor: int, size: int) -> str:
    """The hash of the newest whole line, "" if there is none."""
    if size:
        line = parse(_last_line(descriptor, size))
        return line.digest if line else ""
    moved = [each for each in every_path(stem) if each != path(stem)]
    if not moved:
        return ""
    with moved[-1].open("rb") as file:
        return _last_digest(stem, file.fileno(), os.fstat(file.fileno()).st_size)


def _last_line(descriptor: int, size: int) -> bytes:
    """From after the last line feed but one to the end (or after the last, if text follows)."""
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
    draft = reserve.with_suffix(f".{os.getpid()}.new")  # others may be filling it too
    try:
        with draft.open("wb") as file:
            file.write(os.urandom(_RESERVE))  # zeros would take no room where they are packed
            file.flush()
            os.fsync(file.fileno())
        draft.replace(reserve)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Force the name of a new file to disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
