"""Writes the files of a growing log: first tiles and entries, forced to disk, then the head."""

import shutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from certportal.foundation.event_log.files import LogFiles
from certportal.foundation.event_log.notes import Checkpoint, Signer
from certportal.foundation.event_log.tiles import WIDTH, Edge, Tile, bundle, edge_tiles
from certportal.foundation.event_log.tree_hashes import leaf_hash
from certportal.foundation.own_files import OWN, OWN_FOLDER, make_folder, put, replace, sync_folder
from issuance.faults import reach


def write(
    files: LogFiles, signer: Signer, edge: Edge, tail: list[bytes], new: Sequence[bytes]
) -> str:
    """Add the entries to the log; return its signed head.

    `edge` and `tail` (the entries of the partial bundle) are updated before anything is written,
    so they are wrong if this raises OSError.
    """
    written = {tile.path for tile in edge_tiles(edge.size)}
    full = list(edge.append([leaf_hash(entry) for entry in new]))
    tail.extend(new)
    contents: dict[str, bytes] = {}
    for tile, hashes in full:
        _add(contents, tile, hashes, tail)
        if tile.level == 0:
            del tail[:WIDTH]
    for tile, hashes in edge.partial():
        if tile.path not in written:
            _add(contents, tile, hashes, tail)
    reach("log_before_tiles")
    write_all(files.folder, contents)
    note = signer.sign(Checkpoint(signer.name, edge.size, edge.root()).text)
    reach("log_before_head")
    write_head(files, note)
    reach("log_after_head")
    _drop_partial(files.folder, [tile for tile, _ in full])
    return note


def write_head(files: LogFiles, note: str) -> None:
    """Move the head into place and force it to disk."""
    replace(files.head_path, note.encode(), OWN)


def _add(contents: dict[str, bytes], tile: Tile, hashes: bytes, tail: Sequence[bytes]) -> None:
    contents[tile.path] = hashes
    if tile.level == 0:
        contents[tile.entries_path] = bundle(tail[: tile.width])


def write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files that do not have this content yet; force files and folders to disk."""
    places = {folder / path for path in contents}
    made = {parent for place in places for parent in place.parents if folder in parent.parents}
    for parent in sorted(made):
        make_folder(parent, OWN_FOLDER)
        _keep_name(parent, parent.stat().st_ino)
    for path, content in contents.items():
        if not _holds(folder / path, content):
            put(folder / path, content, OWN)
        reach("log_between_tiles")
    for parent in {place.parent for place in places}:
        sync_folder(parent)


@lru_cache(maxsize=256)
def _keep_name(folder: Path, _inode: int) -> None:
    """Force the folder's name to disk, once in a process for each folder.

    Whoever made it may have been killed before doing so.
    """
    sync_folder(folder.parent)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


def _drop_partial(folder: Path, full: Sequence[Tile]) -> None:
    """Delete the partial tiles before those now full: a backup may still read the newest ones."""
    for tile in full:
        if tile.index:
            before = Tile(tile.level, tile.index - 1)
            for path in (before.path, before.entries_path) if tile.level == 0 else (before.path,):
                shutil.rmtree(folder / f"{path}.p", ignore_errors=True)
