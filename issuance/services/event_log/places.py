"""Places of events in the log, found by searching its entries: the database does not have them."""

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
"""Bundles searched on each side for an event that came late because its transaction was long."""


def places(numbers: Sequence[int]) -> Answer:
    """Return the head and the places of those events that are in the log.

    Committed events are appended to the log first. Raises LogUnavailable if it cannot be read.
    """
    with suppress(Unavailable):  # events already in the log can be proved all the same
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
    note, size = _proof_head(note, head.size, known.values())
    return Answer(
        note,
        {
            number: Place(index, tuple(inclusion_proof(index, size, tiles.subtree)))
            for number, index in known.items()
        },
    )


def _proof_head(note: str, size: int, indexes: Collection[int]) -> tuple[str, int]:
    """Return the head for receipts and its size: if possible one that witnesses signed."""
    if signed := cosigned.note():
        with suppress(BadNote):
            head = Checkpoint.opened(signed, key.published())
            if max(indexes, default=0) < head.size <= size:
                return signed, head.size
    return note, size


class _Search:
    """Searches the log for events by number; entries are nearly in the order of their numbers."""

    def __init__(self, files: LogFiles, size: int) -> None:
        self._files, self._size = files, size
        self._bundle = lru_cache(maxsize=4 * NEAR)(self._read)

    @cached_property
    def _bundles(self) -> int:
        return -(-self._size // WIDTH)

    def _read(self, index: int) -> Mapping[int, int]:
        """Return the places of the events of a bundle, by their numbers."""
        entries = self._files.bundle(tile_at(0, index, self._size))
        return {logged_number(entry): index * WIDTH + at for at, entry in enumerate(entries)}

    def index(self, number: int) -> int | None:
        """Return the event's place; None if it is not in the log."""
        for bundle in self._outwards(self._likely(number)):
            if number in (known := self._bundle(bundle)):
                return known[number]
        return None

    def _likely(self, number: int) -> int:
        """Return the bundle that has the event unless its transaction was long: a binary search.

        It compares the median number of a bundle, because single numbers may have come late.
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
