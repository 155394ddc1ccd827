"""Tiles of a log, by https://c2sp.org/tlog-tiles: files of 256 hashes of one level of the tree."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from certportal.foundation.event_log.tree_hashes import EMPTY, node_hash, root, split

WIDTH, HEIGHT, HASH = 256, 8, 32
LONGEST_ENTRY = 0xFFFF
"""Maximum octets of an entry, whose length is stored in two octets."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile's level, its index in the level and its number of hashes.

    Tile 0 of level 0 begins with the hash of leaf 0; each hash of level 1 is the root hash of a
    full tile of level 0, and so on.
    """

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below the log's folder."""
        return f"tile/{self.level}/{self._place}"

    @property
    def entries_path(self) -> str:
        """The path of the bundle of entries whose hashes are in this tile of level 0."""
        return f"tile/entries/{self._place}"

    @property
    def full(self) -> "Tile":
        """The full tile that this partial one becomes as the log grows."""
        return Tile(self.level, self.index)

    @property
    def _place(self) -> str:
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        place = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        return place if self.width == WIDTH else f"{place}.p/{self.width}"


def tile_at(level: int, index: int, size: int) -> Tile:
    """Return the tile as it is in a log of this size."""
    return Tile(level, index, min(WIDTH, (size >> HEIGHT * level) - index * WIDTH))


def edge_tiles(size: int) -> list[Tile]:
    """Return the partial tile of each level, if there is one, in a log of this size."""
    tiles = [tile_at(level, _full(level, size), size) for level in _levels(size)]
    return [tile for tile in tiles if tile.width]


def new_tiles(before: int, size: int) -> Iterator[Tile]:
    """Yield the tiles that a log gets when it grows from `before` to `size` leaves."""
    for level in _levels(size):
        for index in range(_full(level, before), _full(level, size)):
            yield Tile(level, index)
    existing = edge_tiles(before)
    yield from (tile for tile in edge_tiles(size) if tile not in existing)


def _levels(size: int) -> range:
    return range((max(size, 1).bit_length() - 1) // HEIGHT + 1)


def _full(level: int, size: int) -> int:
    """Return the number of full tiles of the level in a log of this size."""
    return size >> HEIGHT * (level + 1)


def hashes_of(content: bytes) -> list[bytes]:
    return [content[i : i + HASH] for i in range(0, len(content), HASH)]


def bundle(entries: Iterable[bytes]) -> bytes:
    """Return the entries as one file, each preceded by its length in two octets.

    Raises OverflowError.
    """
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_of(content: bytes) -> list[bytes]:
    """Return the entries of a bundle. Raises ValueError."""
    entries, at = [], 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content) or at + 2 > len(content):
            raise ValueError("the bundle ends within an entry")
        entries.append(content[at + 2 : end])
        at = end
    return entries


@dataclass(slots=True)
class Edge:
    """The right edge of a growing tree: by level, the hashes of the partial tile."""

    rows: list[list[bytes]] = field(default_factory=lambda: [[]])
    size: int = 0

    def append(self, hashes: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Add the hashes of leaves; yield each tile that becomes full, with its content."""
        at = 0
        while at < len(hashes):
            part = hashes[at : at + WIDTH - len(self.rows[0])]
            at += len(part)
            self.size += len(part)
            self.rows[0].extend(part)
            yield from self._completed()

    def _completed(self) -> Iterator[tuple[Tile, bytes]]:
        for level, row in enumerate(self.rows):
            if len(row) < WIDTH:
                return
            yield Tile(level, (self.size >> HEIGHT * (level + 1)) - 1), b"".join(row)
            if level + 1 == len(self.rows):
                self.rows.append([])
            self.rows[level + 1].append(root(row))
            row.clear()

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """Yield the partial tiles with their content."""
        for tile in edge_tiles(self.size):
            yield tile, b"".join(self.rows[tile.level])

    def root(self) -> bytes:
        parts = [part for row in reversed(self.rows) for part in _complete_parts(row)]
        if not parts:
            return EMPTY
        found = parts.pop()
        while parts:
            found = node_hash(parts.pop(), found)
        return found


def _complete_parts(row: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the hashes of the complete subtrees over the row, the largest first."""
    at = 0
    while at < len(row):
        width = 1 << ((len(row) - at).bit_length() - 1)
        yield root(row[at : at + width])
        at += width


class Tiles:
    """The tree of a log of this size; `read` returns a tile's content and is called on demand."""

    def __init__(self, read: Callable[[Tile], bytes], size: int) -> None:
        self.size = size
        self._hashes = lru_cache(maxsize=64)(lambda tile: hashes_of(read(tile)))

    def edge(self) -> Edge:
        """Return the right edge, which is needed to append to the log."""
        tiles = edge_tiles(self.size)
        rows: list[list[bytes]] = [[] for _ in range(max((t.level for t in tiles), default=0) + 1)]
        for tile in tiles:
            rows[tile.level] = list(self._hashes(tile))
        return Edge(rows, self.size)

    def root(self, size: int) -> bytes:
        """Return the root hash of the tree over the first `size` leaves. Raises ValueError."""
        if not 0 <= size <= self.size:
            raise ValueError("the tree is smaller than that")
        return self.subtree(0, size) if size else EMPTY

    def subtree(self, start: int, end: int) -> bytes:
        """Return the root hash of the subtree over the leaves from `start` to `end`, excluded."""
        width = end - start
        if width & (width - 1):
            middle = start + split(width)
            return node_hash(self.subtree(start, middle), self.subtree(middle, end))
        level, below = divmod(width.bit_length() - 1, HEIGHT)
        index, at = divmod(start >> HEIGHT * level, WIDTH)
        hashes = self._hashes(tile_at(level, index, self.size))
        return root(hashes[at : at + (1 << below)])
