"""Examining a journal that was written elsewhere, and making it this machine's own."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from certportal.foundation.own_files import (
    OWN,
    OWN_FOLDER,
    make_folder,
    open_or_make,
    sync_folder,
)
from issuance.journal.entry import parse
from issuance.journal.files import JournalUnavailable, every_path, path

_BLOCK = 1 << 20


class Examined(NamedTuple):
    """What a journal holds up to its first fault.

    ``size``: the bytes until there; ``certificates``: the SHA-256 (hex) of each by serial number;
    ``fault``: file and number of the line that was changed, or is not the next one; "" if none.
    """

    size: int
    certificates: dict[str, str]
    fault: str


def examine(files: Sequence[Path]) -> Examined:
    """Examine the files of one CA, oldest first: each line's own hash, and the one before.

    A line that has no end was being written when the writer died: its certificate never left.
    """
    size, previous, found = 0, None, dict[str, str]()
    for place, line in _lines(files):
        if not line.endswith(b"\n"):
            break
        parsed = parse(line)
        if parsed is None or (previous is not None and parsed.previous != previous):
            return Examined(size, found, place)
        previous, size = parsed.digest, size + len(line)
        found[parsed.entry.serial] = hashlib.sha256(parsed.entry.der).hexdigest()
    return Examined(size, found, "")


def _lines(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for each in files:
        with each.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield f"{each.name}:{number}", line


def adopt(stem: str, source: Path, size: int, *, aside: str) -> None:
    """Make the first bytes of a copy the journal of the CA; set the one that is here aside.

    What is here moves to the folder ``aside``, where it no longer counts, unless it is the same.
    May be repeated after a crash. Raises JournalUnavailable.
    """
    try:
        own = every_path(stem)
        length = sum(each.stat().st_size for each in own)
        if own and _digest(own, length) == _digest([source], size):
            return
        folder = path(stem).parent
        make_folder(folder / aside, OWN_FOLDER)
        for each in own:
            each.rename(folder / aside / each.name)
        draft = folder / f".{stem}.part"
        with source.open("rb") as origin, os.fdopen(_new(draft), "wb") as file:
            left = size
            while left and (block := origin.read(min(_BLOCK, left))):
                file.write(block)
                left -= len(block)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path(stem))
        sync_folder(folder)
    except OSError as error:
        raise JournalUnavailable(f"{stem}: {error}") from error


def _digest(files: Sequence[Path], size: int) -> tuple[int, bytes]:
    """How many bytes the files have together, ``size`` at most, and the SHA-256 of these."""
    left, found = size, hashlib.sha256()
    for each in files:
        with each.open("rb") as file:
            while left and (block := file.read(min(_BLOCK, left))):
                found.update(block)
                left -= len(block)
    return size - left, found.digest()


def _new(draft: Path) -> int:
    return open_or_make(draft, os.O_WRONLY | os.O_TRUNC, OWN)
