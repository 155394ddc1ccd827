"""Uploads of several certificate requests as files and ZIP archives, read within limits.

Nothing is written to disk, and the sizes stated in an archive are not trusted: decompressed bytes
are counted, also those of skipped files, and an archive with too many entries is not opened.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import Refused
from certportal.foundation.text.private_keys_in_text import shows_private_key
from certportal.foundation.text.wording import filled
from issuance.csr import MOST_SEARCHED

MOST_FILES = 500
"""The most files in an upload, including skipped ones."""
MOST_MEGABYTES = 8
"""The largest total size of an upload, decompressed; and of each uploaded file."""
MOST_BYTES = MOST_MEGABYTES * 1024 * 1024
MOST_ENTRIES = 4 * MOST_FILES
"""The most entries (files, folders, macOS metadata) of an archive; opening reads all of them."""
ENDINGS = (".csr", ".pem", ".der", ".p10", ".req", ".txt")
KEY_ENDING = ".key"
"""How the instructions name a private key. It is read, so that a key sent to us gets blocked."""

_ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
_ENTRY = b"PK\x01\x02"
"""The signature of each entry in an archive's central directory (APPNOTE.TXT 4.3.12)."""
_ENCRYPTED = 1
# OverflowError: an entry that says it begins beyond the largest file.
_DAMAGED = (
    *(BadZipFile, EOFError, NotImplementedError, OSError),
    *(OverflowError, ValueError, zlib.error),
)
_PIECE = 64 * 1024
_LONGEST_NAME = 100
_MOST_READ = 1000
"""The longest path of a file whose name is read: an archive may have 64 kB of each (APPNOTE.TXT
4.4.10), and searching those of a hundred for private keys takes ten seconds."""


class Skipped(StrEnum):
    PRIVATE_KEY = "private_key"
    OTHER_KIND = "other_kind"
    TOO_BIG = "too_big"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"


class TooMuch(Refused):
    message = filled(
        _(
            "The upload holds too much: at most %(files)s files and %(megabytes)s MB, counted as"
            " unpacked. Divide it into several uploads."
        ),
        files=MOST_FILES,
        megabytes=MOST_MEGABYTES,
    )


class NoArchive(Refused):
    message = _("The ZIP file is damaged. Make it again, or choose the requests one by one.")


@dataclass(frozen=True, slots=True)
class RequestFile:
    """An uploaded file, named without folders; `skipped` is the reason why it has no data."""

    name: str
    data: bytes
    skipped: Skipped | None = None


def files_of(uploads: Iterable[tuple[str, bytes]]) -> list[RequestFile]:
    """Return the files of an upload, given as names and contents, with those in ZIP archives.

    Raises TooMuch and NoArchive.
    """
    files: list[RequestFile] = []
    left = MOST_BYTES
    for file, unpacked in _opened(uploads):
        left -= unpacked
        if left < 0 or len(files) == MOST_FILES:
            raise TooMuch
        files.append(file)
    return files


def _opened(uploads: Iterable[tuple[str, bytes]]) -> Iterator[tuple[RequestFile, int]]:
    """Yield each file, skipped ones too, with the number of bytes read from it."""
    for name, data in uploads:
        if data.startswith(_ARCHIVE):
            yield from _unpacked(data)
        elif skipped := _by_name(name):
            yield RequestFile(shown(name), b"", skipped), 0
        else:
            yield RequestFile(shown(name), data), len(data)


def _unpacked(data: bytes) -> Iterator[tuple[RequestFile, int]]:
    if data.count(_ENTRY) > MOST_ENTRIES:
        raise TooMuch
    try:
        archive = ZipFile(BytesIO(data))
    except (BadZipFile, ValueError, NotImplementedError) as error:
        raise NoArchive from error
    with archive:
        for entry in archive.infolist():
            # macOS adds metadata files to archives.
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX/"):
                yield _read(archive, entry)


def _read(archive: ZipFile, entry: ZipInfo) -> tuple[RequestFile, int]:
    name, data = shown(entry.filename), bytearray()
    if skipped := _not_to_read(entry):
        return RequestFile(name, b"", skipped), 0
    try:
        with archive.open(entry) as file:
            while len(data) <= MOST_SEARCHED and (piece := file.read(_PIECE)):
                data += piece
    except _DAMAGED:
        return RequestFile(name, b"", Skipped.DAMAGED), len(data)
    if len(data) > MOST_SEARCHED:
        return RequestFile(name, b"", Skipped.TOO_BIG), len(data)
    return RequestFile(name, bytes(data)), len(data)


def _not_to_read(entry: ZipInfo) -> Skipped | None:
    if skipped := _by_name(entry.filename):
        return skipped
    if entry.flag_bits & _ENCRYPTED:
        return Skipped.ENCRYPTED
    return None if entry.compress_type in {ZIP_STORED, ZIP_DEFLATED} else Skipped.DAMAGED


def shown(name: str) -> str:
    """Return a file's name for display: its last part, visible characters only.

    "?" for a key, and for a name that is too long to be searched for one.
    """
    if len(name) > _MOST_READ:
        return "?"
    last = _visible(name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    return (not _holds_key(name) and last.strip()[-_LONGEST_NAME:]) or "?"


def _by_name(name: str) -> Skipped | None:
    if len(name) <= _MOST_READ and _holds_key(name):
        return Skipped.PRIVATE_KEY
    return None if shown(name).lower().endswith((*ENDINGS, KEY_ENDING)) else Skipped.OTHER_KIND


def _holds_key(name: str) -> bool:
    return shows_private_key(name) or shows_private_key(_visible(name))


def _visible(name: str) -> str:
    return "".join(c for c in name if c.isprintable())
