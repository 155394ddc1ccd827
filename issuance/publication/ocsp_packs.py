"""OCSP responses signed in advance, in files (packs) grouped by prefix of the serial number.

The `ca` worker writes a complete pack and replaces the old file atomically; the web processes
read it without the database. A pack is one line of JSON with the length of each response,
followed by the responses. Packs are not synced to disk: a broken pack counts as missing and is
made again.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from certportal.foundation import own_files
from issuance.certificate.plan import serial_hex

MOST_IN_MEMORY = 64 * 1024 * 1024
"""Limit in octets of a web process's cache of packs; beyond it the cache is cleared."""
DIGITS = (2, 5)
"""Slice of a serial number (hex) that is the name of its pack.

Serial numbers are 01 and random digits (issuance.certificate.plan.new_serial). The first three
random digits give up to 4096 packs for each CA."""

MALFORMED = ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError
"""What reading JSON of another form, however deep and with numbers however large, may raise."""

type Key = tuple[str, int]
"""The name of the hash algorithm in the client's CertID, and the serial number."""


@dataclass(frozen=True, slots=True)
class Response:
    """One response (DER) and its SHA-256 (hex), used as entity tag."""

    der: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Pack:
    """Responses signed together; times in UTC, to the second; keys as made by ``_key``."""

    this_update: datetime
    next_update: datetime
    responses: Mapping[str, Response]

    def find(self, algorithm: str, serial: int) -> Response | None:
        """The response about a certificate, or None."""
        return self.responses.get(_key(algorithm, serial))


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a pack: its validity, and the length of each response in file order."""

    this_update: datetime
    next_update: datetime
    sizes: Mapping[str, int]

    def has(self, algorithm: str, serial: int) -> bool:
        """Whether the pack has a response about a certificate."""
        return _key(algorithm, serial) in self.sizes


def _key(algorithm: str, serial: int) -> str:
    return f"{algorithm}:{serial_hex(serial)}"


def folder(stem: str) -> Path:
    return Path(settings.PORTAL_DATA) / "ocsp" / stem


def path(stem: str, name: str) -> Path:
    """The file of a pack; ``name`` is the digits that its serial numbers have in common."""
    return folder(stem) / f"{name}.pack"


def name_of(serial: str) -> str:
    """The name of the pack of a serial number, given in hexadecimal as stored."""
    return serial[slice(*DIGITS)]


def serials_of(name: str) -> tuple[str, str]:
    """The range of serial numbers (hex) in a pack: lower bound, and upper bound excluded."""
    return f"01{name}", f"01{name}G"


def write(
    stem: str, name: str, begun: datetime, until: datetime, responses: Mapping[Key, bytes]
) -> None:
    """Publish a pack valid from ``begun`` to ``until``; without responses, delete its file."""
    if not responses:
        path(stem, name).unlink(missing_ok=True)
        return
    index = {_key(*key): len(each) for key, each in responses.items()}
    header = {"this": int(begun.timestamp()), "next": int(until.timestamp()), "sizes": index}
    content = b"".join((json.dumps(header).encode(), b"\n", *responses.values()))
    own_files.replace(path(stem, name), content, lasting=False)


def read_head(file: Path) -> Head | None:
    """The first line of the pack in the file; None if the file is missing or broken."""
    try:
        with file.open("rb") as opened:
            line = opened.readline()
            return _head(line, os.fstat(opened.fileno()).st_size - len(line))
    except FileNotFoundError:
        return None


def _head(line: bytes, rest: int) -> Head | None:
    try:
        facts = json.loads(line)
        begun, until = (datetime.fromtimestamp(facts[name], UTC) for name in ("this", "next"))
        head = Head(begun, until, facts["sizes"])
        return head if sum(head.sizes.values()) == rest else None
    except MALFORMED:
        return None


def read(file: Path) -> Pack | None:
    """The pack in the file; None if the file is missing or broken."""
    try:
        return parse(file.read_bytes())
    except FileNotFoundError:
        return None


def parse(content: bytes) -> Pack | None:
    """The pack of this content; None if it is broken."""
    line, _, body = content.partition(b"\n")
    head = _head(line, len(body))
    if head is None:
        return None
    responses, offset = {}, 0
    for key, size in head.sizes.items():
        der = body[offset : offset + size]
        responses[key] = Response(der, hashlib.sha256(der).hexdigest())
        offset += size
    return Pack(head.this_update, head.next_update, responses)


class _Memory:
    """Cache of packs by file, each with inode and modification time as its version."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], Pack | None]] = {}
        self._octets = 0

    def read(self, file: str) -> Pack | None:
        """The pack in the file, read again only if the file has been replaced."""
        try:
            facts = os.stat(file)
        except FileNotFoundError:
            return None
        version = (facts.st_ino, facts.st_mtime_ns)
        known = self._known.get(file)
        if known is None or known[0] != version:
            if self._octets > MOST_IN_MEMORY:
                self._known, self._octets = {}, 0
            known = self._known[file] = (version, read(Path(file)))
            self._octets += facts.st_size
        return known[1]


_memory = _Memory()


def find(stem: str, serial: int) -> Pack | None:
    """The current pack of a serial number; None if it is missing or broken."""
    # A plain string, since this runs for each request and pathlib takes ten times as long.
    return _memory.read(f"{settings.PORTAL_DATA}/ocsp/{stem}/{name_of(serial_hex(serial))}.pack")


def names(stem: str) -> Iterator[str]:
    """The names of all packs published for the CA ``stem``."""
    return (each.stem for each in folder(stem).glob("*.pack"))
