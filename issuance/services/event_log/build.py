"""Builds the log: takes events once they are committed, writes tiles, and last the signed head.

The head is the only commit point: what an interrupted run wrote beyond it is written again. The
database does not say which events are in the log, so whoever can write to it cannot keep one out.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from certportal.foundation.errors import system_words
from certportal.foundation.event_log import stored
from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder, logged_number
from certportal.foundation.event_log.leaves import number_of
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Signer
from certportal.foundation.event_log.tiles import WIDTH, Edge
from certportal.foundation.own_files import OWN, replace, sync_folder
from issuance.services import lease
from issuance.services.event_log import anchors, key, second_place
from issuance.services.event_log.writing import write

MOST = 20_000
"""Events of one run, about a second of the signing worker's time: at first there are millions."""


@dataclass(slots=True)
class LogState:
    """What must be known of the log to append to it.

    Every event numbered up to `horizon` is settled: it is in the log if it was committed. `taken`
    maps the numbers of later events that are in the log to their places. `waiting` is the next
    horizon and the transactions that must end before it holds.
    """

    note: str
    edge: Edge
    tail: list[bytes]
    horizon: int = 0
    taken: dict[int, int] = field(default_factory=dict)
    waiting: tuple[int, frozenset[str]] | None = None


_known: dict[Path, LogState] = {}
_seen: dict[Path, str] = {}
"""The last head of each log that this process has read or written."""


def extend(*, most: int = MOST) -> int:
    """Append at most ``most`` committed events to the log; return how many were appended.

    Without a key nothing is done. Raises Unavailable if the log or its second place cannot be
    written, or another journal has the lease; no event is lost, and the next run continues.
    """
    if not key.is_wanted():
        return 0
    signer, files = key.load(), LogFiles(folder())
    try:
        with files.alone():
            log = _current(files, signer)
            try:
                taken = _take(files, log, signer, most)
            except BaseException:
                _known.pop(files.folder, None)  # it may be ahead of what is on the disk
                raise
            _seen[files.folder] = log.note
            second_place.bring_up(files, signer.verifier)
            return taken
    except OSError as error:
        raise LogUnavailable(system_words(error)) from error


def extend_wholly() -> None:
    """Append all events committed so far, at the second place too. Raises Unavailable."""
    while extend() == MOST:
        continue


def horizon() -> int:
    """Return the number up to which every committed event is in the log."""
    return int(_state(LogFiles(folder())).get("horizon", 0))


def forget_state() -> None:
    """Delete the state file, so that the next start reads from the entries what is in the log.

    For a log that was copied here while it grew: its state file may be ahead of the head.
    """
    _state_path(LogFiles(folder())).unlink(missing_ok=True)


def _take(files: LogFiles, log: LogState, signer: Signer, most: int) -> int:
    before = log.horizon
    # Not inside another transaction: its events might still be rolled back.
    with transaction.atomic(durable=True):
        last, writing = stored.last_number(), stored.writers()
        if last < max(log.horizon, max(log.taken, default=0)):
            raise LogUnavailable("the database's events end before the log's: run restore_events")
        new = stored.next_leaves(log.horizon, but=log.taken, most=most)
    numbers = [number_of(leaf) for leaf in new]
    if new:
        lease.require()  # only one of two machines with the key may extend the log
        log.taken |= {number: log.edge.size + at for at, number in enumerate(numbers)}
        log.note = write(files, signer, log.edge, log.tail, new)
    _advance(log, last, writing, numbers[-1] if len(new) == most else None)
    if log.horizon != before:
        since = min(log.taken.values(), default=log.edge.size)
        state = {"size": log.edge.size, "horizon": log.horizon, "since": since}
        # Not forced to disk: an older one is as good, and the entries tell what a lost one did.
        replace(_state_path(files), json.dumps(state).encode(), OWN, lasting=False)
    return len(new)


def _advance(log: LogState, last: int, writing: frozenset[str], read_to: int | None) -> None:
    """Move the horizon to the noted number once all transactions that wrote then have ended.

    ``read_to`` is the number of the last event read if there may be more after it.
    """
    if log.waiting is None or not writing:
        log.waiting = (last, writing)
    candidate, writers = log.waiting
    if writers & writing:
        return
    log.waiting = (last, writing)
    log.horizon = max(log.horizon, candidate if read_to is None else min(candidate, read_to))
    log.taken = {number: at for number, at in log.taken.items() if number > log.horizon}


def _current(files: LogFiles, signer: Signer) -> LogState:
    """Return the log's state as on the disk, where another process may have extended it."""
    known, note = _known.get(files.folder), files.note()
    if known is None or known.note != note:
        known = _known[files.folder] = _opened(files, note, signer)
        _seen[files.folder] = note
    return known


def _earlier(files: LogFiles, signer: Signer) -> Iterator[anchors.Anchor]:
    """Yield earlier heads, which this log must contain, and where each is known from."""
    with suppress(BadNote):  # the head is of a log with another key, which was put aside
        if note := _seen.get(files.folder):
            head = Checkpoint.opened(note, signer.verifier)
            yield "this process (restart it if that was put aside)", head
    yield from anchors.heads_in_events(signer.verifier)


def _opened(files: LogFiles, note: str, signer: Signer) -> LogState:
    """Read the log. Raises LogUnavailable unless it is whole and has all earlier heads."""
    try:
        head = Checkpoint.opened(note, signer.verifier) if note else None
    except BadNote as error:
        raise LogUnavailable(f"the log's head: {error}") from error
    size = head.size if head else 0
    tiles = files.tiles(size)
    if head and tiles.root(size) != head.root:
        raise LogUnavailable("the log's tiles do not fit its head")
    if _state(files).get("size", 0) > size:
        raise LogUnavailable("the log's head is missing, or older than the log was")
    for source, earlier in _earlier(files, signer):
        if earlier.size > size or tiles.root(earlier.size) != earlier.root:
            raise LogUnavailable(f"another or older log: it lacks the head known from {source}")
    if note:  # who moved it into place may have been killed before that was on disk
        sync_folder(files.folder)
    key.publish(signer.verifier)
    log = LogState(note, tiles.edge(), list(files.entries(size - size % WIDTH, size)))
    _recall(files, log, size)
    return log


def _recall(files: LogFiles, log: LogState, size: int) -> None:
    """Find out which events are in the log: from the state file, without it from all entries."""
    state = _state(files)
    log.horizon, since = state.get("horizon", 0), state.get("since", 0)
    for at, entry in enumerate(files.entries(since, size), since):
        number = logged_number(entry)
        if number > log.horizon:
            log.taken[number] = at


def _state(files: LogFiles) -> dict[str, int]:
    try:
        state = json.loads(_state_path(files).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return dict(state)


def _state_path(files: LogFiles) -> Path:
    """Return the state file. It is hidden so that no backup has one that is ahead of the head."""
    return files.folder / ".state"
