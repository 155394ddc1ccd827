"""The files that builders write, put back with their rows: documents, journal, answers, number."""

from collections.abc import Mapping
from pathlib import Path

STORED = "attachments"
FOLDERS = tuple(f"{folder}/" for folder in (STORED, "journal", "ocsp", "numbers"))
# Room on the disk, which the journal makes again when it lacks it.
RESERVE = ".reserve"
IDENTITY = ".identity"


def last_changes(folder: str) -> dict[str, tuple[int, int, int]]:
    """Return the files in the folder of the test, each with its last change.

    Linux before 6.13 may give two changes within 4 ms the same time: hence also size and inode.
    """
    if not folder:
        return {}
    every = (path for path in Path(folder).rglob("*") if path.suffix != RESERVE and path.is_file())
    found = {str(path.relative_to(folder)): path.stat() for path in every}
    return {name: (one.st_mtime_ns, one.st_size, one.st_ino) for name, one in found.items()}


def may_be_copied(name: str) -> bool:
    """Whether another test may have the same file."""
    return name.startswith(FOLDERS)


def put(files: Mapping[str, bytes], folder: str) -> None:
    """Write the files into the folder of another test."""
    for name, content in files.items():
        place = Path(folder, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        if place.name == IDENTITY:  # it holds for this file alone: issuance/journal/identity.py
            place.write_text(f"{content.decode().split()[0]} {place.stat().st_ino}")
