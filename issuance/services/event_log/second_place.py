"""The copy of the log in the journal's second place, needed there before anything is signed.

It is a log of the same format in ``events``, in the folder of the journal's copy
(`issuance.journal.copies`). Files are copied once the head here is on disk, so that a copied file
never changes; the head is copied last. An interrupted copy is continued by the next run.
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
from certportal.foundation.own_files import OWN_FOLDER, make_folder
from issuance import journal
from issuance.faults import reach
from issuance.journal.copies import CopyUnavailable, own_folder, within_limit
from issuance.services.event_log import key
from issuance.services.event_log.writing import write_all, write_head

TILES_AT_ONCE = 32
"""Tiles written within one time limit: the first copy has thousands."""


def log_in(place: Path) -> LogFiles:
    return LogFiles(place / "events")


class Runner(Protocol):
    """Runs a part of the work, within a time limit or without one."""

    def __call__[T](self, work: Callable[[], T], /) -> T:
        """Run it and return its result."""


def unlimited[T](work: Callable[[], T], /) -> T:
    """Run it without a time limit: for commands, which somebody watches."""
    return work()


def ensure_copied(*, run: Runner = within_limit) -> None:
    """Bring the copy up to the log, if there is one. Raises CopyUnavailable, LogUnavailable."""
    files = LogFiles(folder())
    if not settings.JOURNAL_COPY or not key.is_there() or not files.note():
        return
    try:
        with files.alone():
            bring_up(files, key.published(), run=run)
    except OSError as error:
        raise LogUnavailable(str(error)) from error


# The heads that this process has forced to disk. A process killed between renaming a head and
# forcing it to disk leaves one that may still be lost.
_durable: dict[Path, str] = {}


def bring_up(files: LogFiles, verifier: Verifier, *, run: Runner = within_limit) -> None:
    """Write to the copy what it lacks of the log. Raises CopyUnavailable, LogUnavailable.

    Call it only while the log is locked: two processes must not write the copy's head at once.
    """
    if not settings.JOURNAL_COPY or not (note := files.note()):
        return
    copy, copied = run(partial(_opened, journal.identity()))
    if copied != note:
        carry(files, copy, note, before=_copied_size(files, note, copied, verifier), run=run)
    elif _durable.get(copy.folder) != note:
        run(partial(write_head, copy, note))
    _durable[copy.folder] = note


def _opened(journal_id: str) -> tuple[LogFiles, str]:
    """Return the copy and its head; "" if there is none."""
    copy = log_in(own_folder(journal_id))
    make_folder(copy.folder, OWN_FOLDER)
    return copy, copy.note()


def _copied_size(files: LogFiles, note: str, copied: str, verifier: Verifier) -> int:
    """Return how many leaves the copy has. Raises CopyUnavailable if the log does not extend it."""
    if not copied:
        return 0
    try:
        copy_head = Checkpoint.opened(copied, verifier)
    except BadNote as error:
        raise CopyUnavailable(f"the copy is of another log of events: {error}") from error
    size = size_of(note)
    if copy_head.size > size:
        raise CopyUnavailable("the copy is ahead of the log of events, which has lost leaves")
    if files.tiles(size).root(copy_head.size) != copy_head.root:
        raise CopyUnavailable("the copy and the log of events have diverged")
    return copy_head.size


def size_of(note: str) -> int:
    """Return the number of leaves in a head whose signature was verified before."""
    return int(note.split("\n")[1])


def carry(source: LogFiles, target: LogFiles, note: str, *, before: int = 0, run: Runner) -> None:
    """Write the log of this head to the target, which has its first ``before`` leaves; head last.

    Each part of the work is handed to `run`. Files that the target has are not written again.
    """
    size = size_of(note)
    reach("log_copy_before_files")
    for tiles in batched(new_tiles(before, size), TILES_AT_ONCE):
        contents = {p: c for tile in tiles for p, c in source.contents(tile).items()}
        run(partial(write_all, target.folder, contents))
        reach("log_copy_between_files")
    reach("log_copy_before_head")
    run(partial(write_head, target, note))
    reach("log_copy_after_head")
    run(partial(_drop_partial, target, before, size))


def _drop_partial(target: LogFiles, before: int, size: int) -> None:
    """Delete partial tiles that full ones have replaced; readers find their content in these."""
    growing = {tile.full for tile in edge_tiles(size)}
    for tile in {tile.full for tile in edge_tiles(before)} - growing:
        for path in (tile.path, tile.entries_path) if tile.level == 0 else (tile.path,):
            shutil.rmtree(target.folder / f"{path}.p", ignore_errors=True)
