"""The journal: every certificate signed, on disk before it leaves the worker that signed it.

One append-only file per issuing CA, outside the database, so that after a crash or a restored
backup nothing the CA ever signed is unknown. A line is the SHA-256 of its JSON, a space and the
JSON; a line torn by a crash fails its hash and is passed over.
"""

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from certportal.foundation.errors import Unavailable

# Room for the next line and then some: a full disk must stop issuing before the signature.
_ROOM = 4 * 1024 * 1024


class JournalUnavailable(Unavailable):
    """The journal cannot be written, so nothing may be signed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One signed certificate: the attempt it was signed for, its serial (hex) and its DER.

    ``facts`` are what the database says of it, so that it can be entered anew from here.
    """

    reference: str
    attempt: int
    serial: str
    der: bytes
    facts: Mapping[str, str | int]

    def line(self) -> bytes:
        """The line as it stands in the file."""
        facts = {
            "reference": self.reference,
            "attempt": self.attempt,
            "serial": self.serial,
            "der": base64.b64encode(self.der).decode(),
            "facts": dict(self.facts),
        }
        payload = json.dumps(facts, sort_keys=True).encode()
        return hashlib.sha256(payload).hexdigest().encode() + b" " + payload + b"\n"


def path(stem: str) -> Path:
    """The journal of the CA ``stem``."""
    return Path(settings.PORTAL_DATA) / "journal" / f"{stem}.journal"


def ensure_room(stem: str) -> None:
    """Raise JournalUnavailable unless the next entry can be written for sure."""
    try:
        folder = path(stem).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        space = os.statvfs(folder)
    except OSError as error:
        raise JournalUnavailable(type(error).__name__) from error
    if space.f_bavail * space.f_frsize < _ROOM or not os.access(folder, os.W_OK):
        raise JournalUnavailable("the disk is full")


def append(stem: str, entry: Entry) -> None:
    """Append and force to disk. Raises JournalUnavailable; then the certificate must not go out."""
    try:
        descriptor = os.open(path(stem), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _write(file.fileno(), entry.line())
            os.fsync(file.fileno())
    except OSError as error:
        raise JournalUnavailable(type(error).__name__) from error


def _write(descriptor: int, line: bytes) -> None:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line  # the last writer died in the middle of its line
    while line:
        line = line[os.write(descriptor, line) :]


def entries(stem: str) -> Iterator[Entry]:
    """Every whole entry, oldest first."""
    try:
        file = path(stem).open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            digest, _, payload = line.rstrip(b"\n").partition(b" ")
            if hashlib.sha256(payload).hexdigest().encode() == digest:
                facts = json.loads(payload)
                yield Entry(**{**facts, "der": base64.b64decode(facts["der"])})


def find(stem: str, *, reference: str, attempt: int) -> Entry | None:
    """The entry of this attempt, if its certificate was signed."""
    for entry in entries(stem):
        if (entry.reference, entry.attempt) == (reference, attempt):
            return entry
    return None
