"""Compares log, database and anchors, and lists the differences, in linear time."""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _, gettext_noop

from certportal.foundation.event_log.files import LogFiles, LogUnavailable
from certportal.foundation.event_log.leaves import event_of, leaf_of, number_of
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Verifier
from certportal.foundation.event_log.tiles import WIDTH, Edge, Tile, tile_at
from certportal.foundation.event_log.tree_hashes import leaf_hash


class Kind(StrEnum):
    """Kinds of difference; the values are descriptions for operators, before translation."""

    CHANGED = gettext_noop("an event in the database is not what was logged")
    REORDERED = gettext_noop("an event in the database stands under another's number")
    MISSING = gettext_noop("a logged event is missing from the database")
    CUT = gettext_noop(
        "the database ends before the log: this logged event and all later ones are missing"
    )
    INSERTED = gettext_noop(
        "an event in the database was inserted where the log had passed already"
    )
    UNKEPT = gettext_noop(
        "the database would let rows be changed: a trigger of the table is off or missing"
    )
    ENTRY = gettext_noop("an entry of the log was changed")
    TILE = gettext_noop("a tile of the log was changed or is missing")
    HEAD = gettext_noop("the log's head is missing, not signed by its key, or of other tiles")
    OLDER = gettext_noop("the log is an old copy: an anchor knows a longer one")
    FORKED = gettext_noop("the log is another than the one that an anchor knows")
    ANCHOR = gettext_noop("an anchor cannot be read or is not signed by the log's key")
    STAMP = gettext_noop("a time stamp is not of its head, or not of the service that is trusted")
    WITNESSES = gettext_noop(
        "the head that witnesses signed is malformed, or too few of them signed it"
    )
    UNTOLD = gettext_noop("no event tells of this: the row was inserted or changed by hand")
    UNDONE = gettext_noop("the log tells of this, and the database does not have it so any more")


LOG_ITSELF = frozenset({Kind.ENTRY, Kind.TILE, Kind.HEAD})
"""Kinds of damage to the log itself, which is then no evidence."""
OF_ROWS = frozenset({Kind.UNTOLD, Kind.UNDONE})
"""Kinds of difference between other tables and their events."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference; `about` is an event's number, a file or an anchor."""

    kind: Kind
    about: str

    def __str__(self) -> str:
        """Return the line stored when an operator marks it as explained; never translated."""
        return f"{self.about}: {self.kind}"

    @property
    def words(self) -> str:
        """The line in the active language."""
        return f"{self.about}: {_(self.kind)}"


MOST_NAMED = 100


@dataclass(slots=True)
class Report:
    """The differences: `findings` lists at most MOST_NAMED of each kind, `count` counts all.

    `size`: of the log. `unlogged`: number of later events that are not in the log yet. `missing`:
    indexes of leaves that are not in the database. `settled`: number of differences that an
    operator has marked as explained before.
    """

    size: int = 0
    unlogged: int = 0
    settled: int = 0
    findings: list[Finding] = field(default_factory=list)
    count: dict[Kind, int] = field(default_factory=dict)
    missing: "array[int]" = field(default_factory=lambda: array("q"))
    of_rows: list[Finding] = field(default_factory=list)
    """All differences of rows, which an operator may mark as explained."""
    told: list[str] = field(default_factory=list)
    """Statements about witnesses, one per line."""

    @property
    def is_of_whole_log(self) -> bool:
        """Whether no damage to the log itself was found."""
        return not LOG_ITSELF & self.count.keys()

    def add(self, kind: Kind, about: object) -> None:
        self.count[kind] = self.count.get(kind, 0) + 1
        if self.count[kind] <= MOST_NAMED:
            self.findings.append(Finding(kind, str(about)))
        if kind in OF_ROWS:
            self.of_rows.append(Finding(kind, str(about)))


def verify(
    files: LogFiles,
    verifier: Verifier,
    stored: Iterable[bytes],
    *,
    horizon: int,
    notes: Iterable[tuple[str, str]] = (),
    see: Callable[[bytes], object] = len,
) -> Report:
    """Compare the log with `stored`, the leaves of all events in the order of their numbers.

    `stored` must be read after the log's head. `horizon`: number up to which all events must be in
    the log. `notes`: (source, head) pairs of anchors. `see` is called with each entry, up to the
    first one that was changed.
    """
    report = Report()
    try:
        head = files.head(verifier)
    except (BadNote, OSError, UnicodeDecodeError):
        head = None
    if head is None:
        report.add(Kind.HEAD, files.head_path)
        return report
    report.size = head.size
    try:
        comparison = _Comparison(report, iter(stored))
        for index, entry in enumerate(_entries(files, head, report)):
            comparison.see(index, entry)
            if report.is_of_whole_log:
                see(entry)
        comparison.end(horizon)
        _compare_anchors(files, head, verifier, notes, report)
    except LogUnavailable as error:
        report.add(Kind.TILE, error)
    return report


def _entries(files: LogFiles, head: Checkpoint, report: Report) -> Iterator[bytes]:
    """Yield the entries; compare them with the tiles and the tiles with the head."""
    edge = Edge()
    for index in range(-(-head.size // WIDTH)):
        tile = tile_at(0, index, head.size)
        entries = files.bundle(tile)
        hashes = [leaf_hash(entry) for entry in entries]
        if b"".join(hashes) != files.read(tile):
            _report_entries(files.read(tile), hashes, index, report)
        for full, content in edge.append(hashes):
            _compare_tile(files, full, content, report)
        yield from entries
    for part, content in edge.partial():
        _compare_tile(files, part, content, report)
    if edge.root() != head.root:
        report.add(Kind.HEAD, files.head_path)


def _report_entries(logged: bytes, hashes: list[bytes], index: int, report: Report) -> None:
    """Report the entries of the tile `index` whose hashes differ from the tile's."""
    for at, found in enumerate(hashes):
        if logged[at * 32 : at * 32 + 32] != found:
            report.add(Kind.ENTRY, f"entry {index * WIDTH + at}")


def _compare_tile(files: LogFiles, tile: Tile, content: bytes, report: Report) -> None:
    """Report a tile above level 0 that does not have this content."""
    if tile.level and files.read(tile) != content:
        report.add(Kind.TILE, tile.path)


class _Comparison:
    """Compares the entries of the log with the database's events, both read in one pass.

    Their orders differ only locally: the log has the order of commits, the database that of the
    numbers. `_passed`: rows read whose entry has not come yet, by number.
    """

    def __init__(self, report: Report, rows: Iterator[bytes]) -> None:
        self._report, self._rows = report, rows
        self._row = next(rows, None)
        self._passed: dict[int, bytes] = {}
        self._missing: list[tuple[int, int]] = []
        self._last_found = -1
        self._changed: list[tuple[int, bytes, bytes]] = []

    def see(self, index: int, entry: bytes) -> None:
        """Look for the entry's event in the database."""
        if entry == self._row:
            self._row, self._last_found = next(self._rows, None), index
            return
        try:
            number = number_of(entry)
        except ValueError:
            self._name_unread(index)
            return
        row = self._find(number)
        if row is None:
            self._report.missing.append(index)
            if len(self._missing) < MOST_NAMED:
                self._missing.append((index, number))
            return
        self._last_found = index
        if row != entry:
            self._differs(index, number, entry, row)

    def _differs(self, index: int, number: int, entry: bytes, row: bytes) -> None:
        try:
            body = _body(entry)
        except (ValueError, RecursionError):
            self._name_unread(index)
            return
        self._report.count[Kind.CHANGED] = self._report.count.get(Kind.CHANGED, 0) + 1
        if len(self._changed) < MOST_NAMED:
            self._changed.append((number, body, row))

    def _name_unread(self, index: int) -> None:
        about = f"entry {index}"
        if Finding(Kind.ENTRY, about) not in self._report.findings:
            self._report.add(Kind.ENTRY, about)

    def _find(self, number: int) -> bytes | None:
        while self._row is not None and number not in self._passed:
            passed = number_of(self._row)
            if passed > number:
                break
            self._passed[passed] = self._row
            self._row = next(self._rows, None)
        return self._passed.pop(number, None)

    def end(self, horizon: int) -> None:
        """Report the differences that are known only after the last entry."""
        self._name_changed()
        for index, number in self._missing:
            if index > self._last_found:
                self._report.add(Kind.CUT, f"event {number}")
                break
            self._report.add(Kind.MISSING, f"event {number}")
        for number in self._left():
            if number <= horizon:
                self._report.add(Kind.INSERTED, f"event {number}")
            else:
                self._report.unlogged += 1

    def _left(self) -> Iterator[int]:
        yield from sorted(self._passed)
        while self._row is not None:
            yield number_of(self._row)
            self._row = next(self._rows, None)

    def _name_changed(self) -> None:
        bodies = {body for _, body, _ in self._changed}
        self._report.count.pop(Kind.CHANGED, None)
        for number, _body_of, row in self._changed:
            kind = Kind.REORDERED if _body(row) in bodies else Kind.CHANGED
            self._report.add(kind, f"event {number}")


def _body(leaf: bytes) -> bytes:
    return leaf_of({name: value for name, value in event_of(leaf).items() if name != "id"})


def _compare_anchors(
    files: LogFiles,
    head: Checkpoint,
    verifier: Verifier,
    notes: Iterable[tuple[str, str]],
    report: Report,
) -> None:
    tiles = files.tiles(head.size)
    for source, note in notes:
        try:
            anchor = Checkpoint.opened(note, verifier)
        except BadNote:
            report.add(Kind.ANCHOR, source)
            continue
        if anchor.size > head.size:
            report.add(Kind.OLDER, source)
        elif tiles.root(anchor.size) != anchor.root:
            report.add(Kind.FORKED, source)
