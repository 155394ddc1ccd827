"""The files of the log: tiles, entries and the signed head, in a folder beside the journal."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.conf import settings

from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.leaves import number_of
from certportal.foundation.event_log.notes import Checkpoint, Verifier
from certportal.foundation.event_log.tiles import WIDTH, Tile, Tiles, bundle, entries_of, tile_at
from certportal.foundation.own_files import OWN_FOLDER, locked, make_folder, open_or_make


class LogUnavailable(Unavailable):
    """The log cannot be read or written, or does not match its head."""


def logged_number(entry: bytes) -> int:
    """Return the number of the entry's event. Raises LogUnavailable if it was changed."""
    try:
        return number_of(entry)
    except ValueError as error:
        raise LogUnavailable("an entry of the log is no event") from error


def folder() -> Path:
    """Return the folder of the log, inside the journal's, so that both are on the same disk."""
    return Path(settings.PORTAL_DATA) / "journal" / "events"


@dataclass(frozen=True, slots=True)
class LogFiles:
    """A log in a folder."""

    folder: Path

    @property
    def head_path(self) -> Path:
        """The file of the signed head, which is written last."""
        return self.folder / "checkpoint"

    def note(self) -> str:
        """Return the signed head; empty if there is none. Raises OSError."""
        try:
            return self.head_path.read_text()
        except FileNotFoundError:
            return ""

    def head(self, verifier: Verifier) -> Checkpoint | None:
        """Return the head signed by this key; None if there is no log yet. Raises BadNote."""
        note = self.note()
        return Checkpoint.opened(note, verifier) if note else None

    def tiles(self, size: int) -> Tiles:
        return Tiles(self.read, size)

    def read(self, tile: Tile) -> bytes:
        """Return the hashes of a tile. Raises LogUnavailable."""
        kept, content = self._content(tile)
        if len(content) != kept.width * 32:
            raise LogUnavailable(f"{kept.path} has the wrong length")
        return content[: tile.width * 32]

    def bundle(self, tile: Tile) -> list[bytes]:
        """Return the entries whose hashes are in the tile. Raises LogUnavailable."""
        kept, content = self._content(tile, entries=True)
        try:
            entries = entries_of(content)
        except ValueError as error:
            raise LogUnavailable(f"{kept.entries_path}: {error}") from error
        if len(entries) != kept.width:
            raise LogUnavailable(f"{kept.entries_path} has {len(entries)} entries")
        return entries[: tile.width]

    def contents(self, tile: Tile) -> dict[str, bytes]:
        """Return the tile's files by their paths below the folder. Raises LogUnavailable."""
        contents = {tile.path: self.read(tile)}
        if tile.level == 0:
            contents[tile.entries_path] = bundle(self.bundle(tile))
        return contents

    def entries(self, start: int, size: int) -> Iterator[bytes]:
        """Yield the entries from start up to the log's size. Raises LogUnavailable."""
        for index in range(start // WIDTH, -(-size // WIDTH)):
            yield from islice(
                self.bundle(tile_at(0, index, size)), max(0, start - index * WIDTH), None
            )

    def _content(self, tile: Tile, *, entries: bool = False) -> tuple[Tile, bytes]:
        """Return the tile and its file; of a tile that has become full since, the full tile's file.

        A full tile's file begins with the content of the partial one.
        """
        path, full = (
            self.folder / (each.entries_path if entries else each.path)
            for each in (tile, tile.full)
        )
        try:
            try:
                return tile, path.read_bytes()
            except FileNotFoundError:
                return tile.full, full.read_bytes()
        except OSError as error:
            name = path.relative_to(self.folder)
            raise LogUnavailable(f"{name}: {type(error).__name__}") from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the exclusive lock for writing the log; wait until it is free. Raises OSError."""
        make_folder(self.folder, OWN_FOLDER)
        with locked(open_or_make(self.folder / "lock", os.O_RDWR)):
            yield
