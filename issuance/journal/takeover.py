"""Examining a journal that was written elsewhere, and making it this machine's own."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from certportal.foundation.own_files import OWN, OWN_FOLDER, make_folder, open_or_make, sync_folder
from issuance.faults import reach
from issuance.journal.entry import parse
from issuance.journal.files import JournalUnavailable, every_path, path

_BLOCK = 1 << 20


class Examined(NamedTuple):
    """The content of a journal up to its first fault.

    ``size``: the number of bytes up to there; ``certificates``: the SHA-256 (hex) of each
    certificate by serial number; ``fault``: file and number of the line that was changed or does
    not continue the chain, "" if there is none.
    """

    size: int
    certificates: dict[str, str]
    fault: str


def examine(files: Sequence[Path]) -> Examined:
    """Examine the files of one CA, oldest first: each line's own hash and the previous one's.

    A line without a line feed was being written when the writer died: its certificate never left.
    """
    size, previous, found = 0, "", dict[str, str]()
    for place, line in _lines(files):
        if not line.endswith(b"\n"):
            break
        parsed = parse(line)
        if parsed is None or parsed.previous != previous:
            return Examined(size, found, place)
        previous, size = parsed.digest, size + len(line)
        found[parsed.entry.serial] = hashlib.sha256(parsed.entry.der).hexdigest()
    return Examined(size, found, "")


def _lines(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for each in files:
        with each.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield f"{each.name}:{number}", line


def adopt(stem: str, sources: Sequence[Path], size: int, *, aside: str) -> None:
    """Make the first ``size`` bytes of these files the journal of the CA.

    The files are a copy's, or the journal's own, whose rest is dropped. The present files move to
    the folder ``aside`` unless they have the same content. May be repeated after a crash. Raises
    JournalUnavailable.
    """
    try:
        own = every_path(stem)
        length = sum(each.stat().st_size for each in own)
        if own and _digest(own, length) == _digest(sources, size):
            return
        folder = path(stem).parent
        make_folder(folder / aside, OWN_FOLDER)
        draft = folder / f".{stem}.part"
        with os.fdopen(open_or_make(draft, os.O_WRONLY | os.O_TRUNC, OWN), "wb") as file:
            file.writelines(_blocks(sources, size))
            file.flush()
            os.fsync(file.fileno())
        for each in own:
            os.link(each, folder / aside / each.name)
        sync_folder(folder / aside)
        reach("take_over_while_adopting")
        # Never without a journal: the next run reads the same lines again. If they are this
        # journal's own, they take the place of its oldest file, since what follows them there
        # is damaged then as it was before.
        kept = own[0] if list(sources) == own else path(stem)
        draft.rename(kept)
        reach("take_over_before_dropping")
        for each in own:
            if each != kept:
                each.unlink()
        sync_folder(folder)
    except OSError as error:
        raise JournalUnavailable(f"{stem}: {error}") from error


def _digest(files: Sequence[Path], size: int) -> tuple[int, bytes]:
    """The number of the files' bytes, ``size`` at most, and the SHA-256 of these bytes."""
    length, found = 0, hashlib.sha256()
    for block in _blocks(files, size):
        length += len(block)
        found.update(block)
    return length, found.digest()


def _blocks(files: Sequence[Path], size: int) -> Iterator[bytes]:
    left = size
    for each in files:
        with each.open("rb") as file:
            while left and (block := file.read(min(_BLOCK, left))):
                left -= len(block)
                yield block
