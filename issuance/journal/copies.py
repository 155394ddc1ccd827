"""The second place: a copy of the journal, which has each line before its certificate leaves.

JOURNAL_COPY names a directory of another machine. Each journal has a folder there, named by its id,
with a file for each CA: the content of the CA's journal files, joined from the oldest on. A
take-over reads it (`issuance.services.recovery.take_over`). Beside them, in ``events``, is the log
of events (`issuance.services.event_log.second_place`).

A file only grows, and bytes are written at the offset that they have in the journal, so a write
that hangs and is completed later changes nothing.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

from django.conf import settings

from certportal.foundation.files import other_disks
from certportal.foundation.own_files import OWN, OWN_FOLDER, make_folder, open_or_make, sync_folder
from issuance.journal.files import ROOM, JournalUnavailable, every_path, opened, path
from issuance.journal.identity import identity

_COMPARED = 1 << 16
_BLOCK = 1 << 20


class CopyUnavailable(JournalUnavailable):
    """The second place of the journal cannot be written, so no certificate may leave."""


def place(journal_id: str) -> Path | None:
    """The folder of this journal's copy; None without the setting JOURNAL_COPY."""
    return Path(settings.JOURNAL_COPY) / journal_id if settings.JOURNAL_COPY else None


def ensure_copied(stem: str) -> None:
    """Bring the copy up to the journal of the CA. Raises CopyUnavailable, also if it is full."""
    if not settings.JOURNAL_COPY:
        return
    within_limit(partial(_ensure_room, identity()))
    with _locked(stem) as is_there:
        if is_there:
            bring_up(stem)


def ensure_lasting(stem: str) -> None:
    """Force to disk, here and in the second place, what is in the journal of the CA.

    Whoever wrote a line may have been killed before it was forced to disk: a certificate found in
    the journal leaves only after this. Raises JournalUnavailable, CopyUnavailable.
    """
    try:
        with opened(stem) as file:
            os.fsync(file.fileno())
            sync_folder(path(stem).parent)
            bring_up(stem)
    except OSError as error:
        raise JournalUnavailable(f"{stem}: {error}") from error


def copy_whole(stem: str) -> None:
    """Like ``ensure_copied``, without a time limit: for commands, which somebody watches."""
    if not settings.JOURNAL_COPY:
        return
    _ensure_room(identity())
    with _locked(stem) as is_there:
        if is_there:
            _bring_up(stem, identity())


@contextmanager
def _locked(stem: str) -> Iterator[bool]:
    """Lock the current file, if the CA has any. Raises JournalUnavailable instead of OSError."""
    try:
        with opened(stem) if every_path(stem) else nullcontext() as file:
            yield file is not None
    except OSError as error:
        raise JournalUnavailable(f"{stem}: {error}") from error


def _ensure_room(journal_id: str) -> None:
    space = os.statvfs(own_folder(journal_id))
    if space.f_bavail * space.f_frsize < ROOM:
        raise CopyUnavailable(f"{settings.JOURNAL_COPY} is full")


def bring_up(stem: str) -> None:
    """Write to the copy what it lacks of the CA's journal. Raises CopyUnavailable.

    Call it only while the current file is locked: lines not yet forced to disk might be removed.
    """
    if settings.JOURNAL_COPY:
        within_limit(partial(_bring_up, stem, identity()))


# The size of each copy that this process has forced to disk. What another process wrote without
# fsync is in the file and may still be lost, so each process forces it once. After a failed fsync
# the bytes are written again, since the next fsync may succeed without them.
_synced: dict[Path, int] = {}
_synced_folders_of: set[Path] = set()
"""The copies whose names in their folder this process has forced to disk."""


def _bring_up(stem: str, journal_id: str) -> None:
    parts = [(each, each.stat().st_size) for each in every_path(stem)]
    size = sum(length for _, length in parts)
    target = own_folder(journal_id) / f"{stem}.journal"
    if not target.exists():
        _synced_folders_of.discard(target)
    descriptor = open_or_make(target, os.O_RDWR)
    try:
        copied = os.fstat(descriptor).st_size
        begin = min(copied, _synced.setdefault(target, copied))
        if begin == size and target in _synced_folders_of:
            return
        _ensure_same(parts, descriptor, copied, size)
        _extend(parts, descriptor, begin)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if target not in _synced_folders_of:
        sync_folder(target.parent)
    _synced[target] = size
    _synced_folders_of.add(target)


def own_folder(journal_id: str) -> Path:
    """The folder of the copy, made only once: if it is missing later, it is not mounted."""
    folder = Path(settings.JOURNAL_COPY) / journal_id
    if folder.is_dir():
        return folder
    if not folder.parent.is_dir():
        raise CopyUnavailable(f"{folder.parent} is not there; is it mounted?")
    begun = path("").parent / ".copied"
    if begun.exists() and begun.read_text() == journal_id:
        raise CopyUnavailable(
            f"{folder.parent} has no {folder.name} any more; is it mounted? If it is a new place,"
            " copy that folder there from the old one, or make it anew, empty, as the signer's user"
        )
    make_folder(folder, OWN_FOLDER)
    begun.write_text(journal_id)
    begun.chmod(OWN)
    return folder


def _ensure_same(
    parts: Sequence[tuple[Path, int]], descriptor: int, copied: int, size: int
) -> None:
    """Raise CopyUnavailable unless the copy is the beginning of the journal."""
    if copied > size:
        raise CopyUnavailable("the copy is ahead of the journal, which has lost lines")
    begin = max(0, copied - _COMPARED)
    ours = b"".join(_read(parts, begin, copied))
    if os.pread(descriptor, copied - begin, begin) != ours:
        raise CopyUnavailable("the copy and the journal have diverged")


def _extend(parts: Sequence[tuple[Path, int]], descriptor: int, copied: int) -> None:
    for block in _read(parts, copied):
        while block:
            written = os.pwrite(descriptor, block, copied)
            block, copied = block[written:], copied + written


def _read(parts: Sequence[tuple[Path, int]], begin: int, end: int | None = None) -> Iterator[bytes]:
    """The bytes of all files joined, from ``begin`` to ``end`` or to the end."""
    start = 0
    for each, length in parts:
        first, last = max(begin - start, 0), min(length, length if end is None else end - start)
        start += length
        if first >= last:
            continue
        with each.open("rb") as file:
            file.seek(first)
            while first < last and (block := file.read(min(_BLOCK, last - first))):
                first += len(block)
                yield block


def within_limit[T](work: Callable[[], T]) -> T:
    """Do the work in the second place within the time limit of `other_disks`.

    Raises CopyUnavailable.
    """
    try:
        return other_disks.within_limit(settings.JOURNAL_COPY, work)
    except CopyUnavailable:
        raise
    except (OSError, JournalUnavailable) as error:
        raise CopyUnavailable(f"{settings.JOURNAL_COPY}: {error}") from error
