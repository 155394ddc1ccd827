"""OCSP responses signed ahead, in files: packs of those whose serial numbers begin alike.

The `ca` worker writes a pack whole and replaces it in one step; web reads it, with the database
up or down. A pack is one line of JSON, which says where each response begins, and the responses.
Nothing in it is worth forcing to disk: a broken one is as good as none, and is made anew.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from issuance import repository
from issuance.plan import serial_hex

MOST_IN_MEMORY = 64 * 1024 * 1024
"""Octets of packs that a web process remembers; then it begins anew."""
DIGITS = (2, 5)
"""A serial number is 01 and random digits (issuance.plan.new_serial). The first three of these are
the name of its pack, so that there are up to 4096 packs for each CA."""

type Key = tuple[str, int]
"""The name of the hash algorithm a client names the issuer with, and the serial number."""


@dataclass(frozen=True, slots=True)
class Response:
    """One response (DER), and the hash that tells it from all others."""

    der: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Pack:
    """Responses that were signed together; times in UTC, to the second."""

    this_update: datetime
    next_update: datetime
    responses: Mapping[str, Response]

    def find(self, algorithm: str, serial: int) -> Response | None:
        """The response about a certificate."""
        return self.responses.get(_key(algorithm, serial))


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in a pack's first line: its life, and the length of each response, in order."""

    this_update: datetime
    next_update: datetime
    sizes: Mapping[str, int]

    def tells_of(self, algorithm: str, serial: int) -> bool:
        """Whether the pack holds the response about a certificate."""
        return _key(algorithm, serial) in self.sizes


def _key(algorithm: str, serial: int) -> str:
    return f"{algorithm}:{serial_hex(serial)}"


def folder(stem: str) -> Path:
    """The packs of the CA ``stem``."""
    return Path(settings.PORTAL_DATA) / "ocsp" / stem


def path(stem: str, name: str) -> Path:
    """One pack of the CA ``stem``; its name are the digits that its serial numbers share."""
    return folder(stem) / f"{name}.pack"


def name_of(serial: str) -> str:
    """The name of the pack in which this serial number (as stored, hexadecimal) belongs."""
    return serial[slice(*DIGITS)]


def serials_of(name: str) -> tuple[str, str]:
    """The serial numbers that belong in a pack: from the first, and below the second."""
    return f"01{name}", f"01{name}G"


def write(
    stem: str, name: str, begun: datetime, until: datetime, responses: Mapping[Key, bytes]
) -> None:
    """Publish a pack; an empty one is taken away."""
    if not responses:
        path(stem, name).unlink(missing_ok=True)
        return
    index = {_key(*key): len(each) for key, each in responses.items()}
    header = {"this": int(begun.timestamp()), "next": int(until.timestamp()), "sizes": index}
    content = b"".join((json.dumps(header).encode(), b"\n", *responses.values()))
    repository.replace(path(stem, name), content, lasting=False)


def read_head(file: Path) -> Head | None:
    """The first line of the pack in the file; None if there is none, or the pack is broken."""
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
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def read(file: Path) -> Pack | None:
    """The pack in the file; None if there is none, or it is broken."""
    try:
        line, _, body = file.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
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
    """The packs read last, each with what told its version from others."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], Pack | None]] = {}
        self._octets = 0

    def read(self, file: str) -> Pack | None:
        """The pack in the file, read again only if the file was replaced since."""
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
    """The pack that a serial number belongs in, as it is on disk at this moment."""
    # Put together by hand: for each request, and pathlib takes ten times as long.
    return _memory.read(f"{settings.PORTAL_DATA}/ocsp/{stem}/{name_of(serial_hex(serial))}.pack")


def names(stem: str) -> Iterator[str]:
    """The names of all packs published for the CA ``stem``."""
    return (each.stem for each in folder(stem).glob("*.pack"))
