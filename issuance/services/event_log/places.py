"""Where events stand in the log, found in its entries: nothing in the database says so."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache

from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder, logged_number
from certportal.foundation.event_log.notes import BadNote, Checkpoint
from certportal.foundation.event_log.tiles import WIDTH, tile_at
from certportal.foundation.event_log.tree_hashes import inclusion_proof
from issuance.publication.ask_receipts import Answer, Place
from issuance.services.event_log import build, cosigned, key

NEAR = 100
"""Bundles of entries to each side in which an event is sought whose transaction lasted long."""


def places(numbers: Sequence[int]) -> Answer:
    """Return the head and the places of those events that are in the log.

    What is committed is taken into the log first. Raises LogUnavailable if it cannot be read.
    """
    with suppress(Unavailable):  # what is in the log already can be proven all the same
        build.extend()
    files = LogFiles(folder())
    try:
        note = files.note()
        head = Checkpoint.opened(note, key.published())
    except (OSError, BadNote) as error:
        raise LogUnavailable(f"the log's head: {error}") from error
    search, tiles = _Search(files, head.size), files.tiles(head.size)
    found = {number: search.index(number) for number in sorted(set(numbers))}
    known = {number: index for number, index in found.items() if index is not None}
    note, size = _chosen(note, head.size, known.values())
    return Answer(
        note,
        {
            number: Place(index, tuple(inclusion_proof(index, size, tiles.subtree)))
            for number, index in known.items()
        },
    )


def _chosen(note: str, size: int, indexes: Collection[int]) -> tuple[str, int]:
    """Return the head that receipts lead to, and its size: one that witnesses signed, if it can."""
    if signed := cosigned.note():
        with suppress(BadNote):
            head = Checkpoint.opened(signed, key.published())
            if max(indexes, default=0) < head.size <= size:
                return signed, head.size
    return note, size


class _Search:
    """Looks for events by their numbers; entries are nearly in the order of these."""

    def __init__(self, files: LogFiles, size: int) -> None:
        self._files, self._size = files, size
        self._bundle = lru_cache(maxsize=4 * NEAR)(self._read)

    @cached_property
    def _bundles(self) -> int:
        return -(-self._size // WIDTH)

    def _read(self, index: int) -> Mapping[int, int]:
        """Return by their numbers where the events of a bundle of entries stand in the log."""
        entries = self._files.bundle(tile_at(0, index, self._size))
        return {logged_number(entry): index * WIDTH + at for at, entry in enumerate(entries)}

    def index(self, number: int) -> int | None:
        """Return where the event stands; None if it is not in the log."""
        for bundle in self._outwards(self._likely(number)):
            if number in (known := self._bundle(bundle)):
                return known[number]
        return None

    def _likely(self, number: int) -> int:
        """Return the bundle in which the event stands unless its transaction lasted long.

        The middle number of each decides: the first may be one that came late.
        """
        low, high = 0, self._bundles
        while low < high:
            middle = (low + high) // 2
            known = sorted(self._bundle(middle))
            if known[len(known) // 2] < number:
                low = middle + 1
            else:
                high = middle
        return low

    def _outwards(self, likely: int) -> Iterator[int]:
        for step in range(NEAR + 1):
            for bundle in {likely + step, likely - step}:
                if 0 <= bundle < self._bundles:
                    yield bundle
