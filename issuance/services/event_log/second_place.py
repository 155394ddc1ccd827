"""The log in the journal's second place: nothing is signed on what is not there too.

In the folder of the journal's copy (`issuance.journal.copies`) ``events`` is a log of the same
format. Files go there once the head here is on the disk, so none of them ever changes there; the
head goes last. What was written and has no head yet is written on when this is run again.
"""

import shutil
from collections.abc import Callable
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Protocol

from django.conf import settings

from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Verifier
from certportal.foundation.event_log.tiles import edge_tiles, new_tiles
from certportal.foundation.own_files import OWN_FOLDER, make_folder, sync_folder
from issuance import journal
from issuance.faults import reach
from issuance.journal.copies import CopyUnavailable, own_folder, within_limit
from issuance.services.event_log import key
from issuance.services.event_log.writing import write_all, write_head

TOGETHER = 32
"""Tiles written within one limit of time: the first time there are thousands."""


def log_in(place: Path) -> LogFiles:
    """Return the log in the folder of a journal's copy."""
    return LogFiles(place / "events")


class Doing(Protocol):
    """How a part of the work is done: within a limit of time, or not."""

    def __call__[T](self, work: Callable[[], T], /) -> T:
        """Do it and return what it returns."""


def at_once[T](work: Callable[[], T], /) -> T:
    """Do it, however long it takes: for a command, which somebody watches."""
    return work()


def ensure_copied(*, do: Doing = within_limit) -> None:
    """Bring the copy up to the log, if there is one. Raises CopyUnavailable, LogUnavailable."""
    files = LogFiles(folder())
    if not settings.JOURNAL_COPY or not key.is_there() or not files.note():
        return
    try:
        with files.alone():
            bring_up(files, key.published(), do=do)
    except OSError as error:
        raise LogUnavailable(str(error)) from error


# The head that this process has forced to disk: one that was killed may have moved its head into
# place and no further, so that it may still be lost.
_durable: dict[Path, str] = {}


def bring_up(files: LogFiles, verifier: Verifier, *, do: Doing = within_limit) -> None:
    """Write to the copy what the log has beyond it. Raises CopyUnavailable, LogUnavailable.

    Only while the log is locked: two builders must not write the copy's head at once.
    """
    if not settings.JOURNAL_COPY or not (note := files.note()):
        return
    copy, copied = do(partial(_opened, journal.identity()))
    if copied != note:
        before = _size_there(files, note, copied, verifier)
        carry(files, copy, note, before=before, do=do)
    elif _durable.get(copy.folder) != note:
        do(partial(write_head, copy, note))
    _durable[copy.folder] = note


def _opened(journal_id: str) -> tuple[LogFiles, str]:
    """Return the copy and its head; "" if there is none."""
    copy = log_in(own_folder(journal_id))
    if not copy.folder.is_dir():
        make_folder(copy.folder, OWN_FOLDER)
        sync_folder(copy.folder.parent)
    return copy, copy.note()


def _size_there(files: LogFiles, note: str, copied: str, verifier: Verifier) -> int:
    """Return how many leaves the copy has. Raises CopyUnavailable if it is no part of the log."""
    if not copied:
        return 0
    try:
        there = Checkpoint.opened(copied, verifier)
    except BadNote as error:
        raise CopyUnavailable(f"the copy is of another log of events: {error}") from error
    size = size_of(note)
    if there.size > size:
        raise CopyUnavailable("the copy is ahead of the log of events, which has lost leaves")
    if files.tiles(size).root(there.size) != there.root:
        raise CopyUnavailable("the copy and the log of events have parted")
    return there.size


def size_of(note: str) -> int:
    """Return how many leaves a head tells of that was checked before."""
    return int(note.split("\n")[1])


def carry(source: LogFiles, target: LogFiles, note: str, *, before: int = 0, do: Doing) -> None:
    """Write the log of this head to the target, which has its first leaves; the head last.

    Each part of it is handed to `do`. Files that are there already are not written again.
    """
    size = size_of(note)
    reach("log_copy_before_files")
    for tiles in batched(new_tiles(before, size), TOGETHER):
        contents = {p: c for tile in tiles for p, c in source.contents(tile).items()}
        do(partial(write_all, target.folder, contents))
        reach("log_copy_between_files")
    reach("log_copy_before_head")
    do(partial(write_head, target, note))
    reach("log_copy_after_head")
    do(partial(_drop_partial, target, before, size))


def _drop_partial(target: LogFiles, before: int, size: int) -> None:
    """Delete what full tiles have replaced; who is still reading that finds it in these."""
    growing = {tile.full for tile in edge_tiles(size)}
    for tile in {tile.full for tile in edge_tiles(before)} - growing:
        for path in (tile.path, tile.entries_path) if tile.level == 0 else (tile.path,):
            shutil.rmtree(target.folder / f"{path}.p", ignore_errors=True)
