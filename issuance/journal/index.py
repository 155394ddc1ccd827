"""Index of the journal in memory: a process reads each file once, then only what was appended."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from certportal.foundation.errors import system_words
from issuance.journal import files
from issuance.journal.copies import bring_up, ensure_copied
from issuance.journal.entry import Entry, Line, parse
from issuance.journal.files import JournalUnavailable, every_path, opened, path, stems, write


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a line begins: inode and offset. A renamed file keeps its inode."""

    attempt: int
    inode: int
    offset: int


@dataclass(slots=True)
class _Index:
    """What has been read so far.

    ``read`` holds the offset reached and ``paths`` the path, by inode; ``places`` the lines by
    reference; ``serials`` all serial numbers, ``order`` the same in the order of the files;
    ``seen`` the state of the files when they were last checked.
    """

    read: dict[int, int] = field(default_factory=dict)
    paths: dict[int, Path] = field(default_factory=dict)
    places: dict[bytes, list[_Place]] = field(default_factory=dict)
    serials: set[int] = field(default_factory=set)
    order: list[int] = field(default_factory=list)
    seen: tuple[int, int, int] = (0, 0, 0)

    def refresh(self, stem: str) -> bool:
        """Read what was appended; False if a file has shrunk or gone: a new index is needed."""
        if self._unchanged(stem):
            return True
        found = [(each, each.stat()) for each in every_path(stem)]
        self.paths = {stat.st_ino: each for each, stat in found}
        sizes = {stat.st_ino: stat.st_size for _, stat in found}
        if any(sizes.get(inode, -1) < read for inode, read in self.read.items()):
            return False
        for each, stat in found:
            if self.read.get(stat.st_ino, 0) < stat.st_size:
                self._read(each, stat.st_ino)
        return True

    def _unchanged(self, stem: str) -> bool:
        """Whether no file was written, renamed or created since; cheaper than a listing."""
        try:
            folder, current = os.stat(path(stem).parent), os.stat(path(stem))
        except FileNotFoundError:
            return False
        seen = (folder.st_mtime_ns, current.st_ino, current.st_size)
        last, self.seen = self.seen, seen
        return last == seen and self.read.get(current.st_ino) == current.st_size

    def _read(self, each: Path, inode: int) -> None:
        with each.open("rb") as file:
            offset = file.seek(self.read.get(inode, 0))
            for line in file:
                parsed = parse(line)
                if parsed is None and not line.endswith(b"\n"):
                    break  # being written now, or incomplete: the next writer removes it
                if parsed is not None:
                    self._add(parsed.entry, inode, offset)
                offset += len(line)
        self.read[inode] = offset

    def _add(self, entry: Entry, inode: int, offset: int) -> None:
        place = _Place(entry.attempt, inode, offset)
        self.places.setdefault(_key(entry.reference), []).append(place)
        self.serials.add(int(entry.serial, 16))
        self.order.append(int(entry.serial, 16))

    def entry(self, place: _Place) -> Entry:
        """Read the entry at this place. Raises OSError if the file was changed."""
        with self.paths[place.inode].open("rb") as file:
            file.seek(place.offset)
            line = parse(file.readline())
        if line is None:
            raise OSError("the journal was changed while it was read")
        return line.entry


_indices: dict[Path, _Index] = {}


def _key(reference: str) -> bytes:
    return reference.encode()


def _index(stem: str) -> _Index:
    index = _indices.setdefault(path(stem), _Index())
    if not index.refresh(stem):
        index = _indices[path(stem)] = _Index()
        index.refresh(stem)
    return index


def ensure_room(stem: str) -> None:
    """Raise JournalUnavailable unless the journal and its second place can take the next lines."""
    files.ensure_room(stem)
    ensure_copied(stem)


def append(stem: str, entries: Sequence[Entry]) -> list[Entry]:
    """Append the entries durably, all or none, and return the entries now in the journal.

    Only the first certificate of an attempt is valid: if the journal already has one, that entry
    is returned instead of the given one. Raises JournalUnavailable, also if only the second place
    lacks them: then none of the certificates may be released.
    """
    try:
        with opened(stem) as file:
            earlier = [find(stem, reference=e.reference, attempt=e.attempt) for e in entries]
            new = [e for e, known in zip(entries, earlier, strict=True) if known is None]
            if new:
                write(stem, file.fileno(), new)
            else:  # their writer may have been killed before it forced them to disk
                os.fsync(file.fileno())
            bring_up(stem)
    except OSError as error:
        raise JournalUnavailable(system_words(error)) from error
    return [known or entry for entry, known in zip(entries, earlier, strict=True)]


def of_references(stem: str, references: Iterable[str]) -> list[Entry]:
    """Every certificate this CA signed for these references, oldest first for each reference."""
    index = _index(stem)
    keys = map(_key, references)
    return [index.entry(place) for key in keys for place in index.places.get(key, [])]


def anywhere(references: Collection[str]) -> list[Entry]:
    """Every certificate that any CA signed for these references, grouped by CA."""
    known = stems() if references else []
    return [entry for stem in known for entry in of_references(stem, references)]


def find(stem: str, *, reference: str, attempt: int) -> Entry | None:
    """The entry of this attempt, or None if no certificate was signed for it."""
    index = _index(stem)
    places = index.places.get(_key(reference), [])
    return next((index.entry(each) for each in places if each.attempt == attempt), None)


def holds_serial(stem: str, serial: int) -> bool:
    """Whether a certificate with this serial number was ever signed."""
    return serial in _index(stem).serials


def in_order(stem: str) -> Sequence[int]:
    """The serial numbers in the order of the journal: a list that grows at its end.

    It is another list object if the files were changed in other ways than by appending.
    """
    return _index(stem).order


def entries(stem: str) -> Iterator[Entry]:
    """Every readable entry, oldest first."""
    return (line.entry for _, _, line in _lines(stem) if line)


def labels() -> Iterator[str]:
    """The RA's label (see ``CertificateOrder``) of each certificate that any CA has signed."""
    for stem in stems():
        for entry in entries(stem):
            if label := entry.facts.get("label"):
                yield str(label)


def faults(stem: str) -> Iterator[str]:
    """Each line that was changed, is incomplete or breaks the hash chain, as ``file:number``.

    The chain begins with a line without a previous one: another was not the first when written.
    """
    previous = ""
    for each, number, line in _lines(stem):
        if line is None or line.previous != previous:
            yield f"{each.name}:{number}"
        if line is not None:
            previous = line.digest


def _lines(stem: str) -> Iterator[tuple[Path, int, Line | None]]:
    for each in every_path(stem):
        with each.open("rb") as file:
            yield from ((each, number, parse(line)) for number, line in enumerate(file, start=1))
