"""Signed notes with Ed25519 keys, by https://c2sp.org/signed-note, and tree heads in them.

A tree head is the text of a note by https://c2sp.org/tlog-checkpoint. A witness adds a line of its
own, a timestamped signature by https://c2sp.org/tlog-cosignature.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG, WITNESS = 1, 4
"""Types of signature: by the log itself, and by a witness, with a time."""
_NAME = re.compile(r"[^\s+]+")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_MOST_SIGNATURES = 64
_LATEST = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
"""The eight octets of a witness's time may name moments that no calendar has."""


class BadNote(ValueError):
    """The note, the tree head in it or the key is malformed, or not signed by the key."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the name of its owner; in text form `name+key id+key`."""

    name: str
    public: bytes
    kind: int = LOG

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text form. Raises BadNote."""
        name, _, rest = text.strip().partition("+")
        key_id, _, key = rest.partition("+")
        octets = _decoded(key)
        if not _NAME.fullmatch(name) or len(octets) != 33 or octets[0] not in {LOG, WITNESS}:
            raise BadNote("this is no Ed25519 key of a log or witness")
        found = cls(name, octets[1:], octets[0])
        if found.key_id.hex() != key_id:
            raise BadNote("the key's id does not match the key")
        return found

    @property
    def key_id(self) -> bytes:
        """The four octets that identify the key in a note."""
        content = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(content).digest()[:4]

    def __str__(self) -> str:
        key = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def check(self, text: str, signature: bytes) -> int:
        """Verify the signature; return its time in seconds (0 for a log's). Raises BadNote."""
        message, time = text.encode(), 0
        if self.kind == WITNESS:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            if time > _LATEST:
                raise BadNote(f"{self.name} dates its signature in no year that there is")
            message = f"cosignature/v1\ntime {time}\n".encode() + message
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise BadNote(f"the signature of {self.name} does not fit the text") from None
        return time


@dataclass(frozen=True, slots=True)
class Signer:
    """The log's private key with its name."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The public key. Raises BadNote for a name that a note cannot carry."""
        if not _NAME.fullmatch(self.name):
            raise BadNote("the name of a key has neither spaces nor plus signs")
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the text as a note with our signature."""
        signature = self.verifier.key_id + self.private.sign(text.encode())
        return f"{text}\n— {self.name} {base64.b64encode(signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note: its text and, of each signature line, name, key id and signature."""

    text: str
    lines: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> Self:
        """Read a note without checking signatures. Raises BadNote."""
        text, gap, lines = note.rpartition("\n\n")
        found = lines.splitlines() if gap and lines.endswith("\n") else []
        matches = [_LINE.fullmatch(line) for line in found]
        if not 0 < len(found) <= _MOST_SIGNATURES or re.search(r"[\x00-\x09\x0b-\x1f]", note):
            raise BadNote("this is no signed note")
        parsed = []
        for match in matches:
            octets = _decoded(match[2]) if match else b""
            if match is None or len(octets) < 5:
                raise BadNote("a signature line is malformed")
            parsed.append((match[1], octets[:4], octets[4:]))
        return cls(text + "\n", tuple(parsed))

    def signed_at(self, verifier: Verifier) -> int | None:
        """Return the time of the key's signature (0 of a log's), None if there is none.

        Raises BadNote if a signature of this key does not fit.
        """
        times = [
            verifier.check(self.text, signature)
            for name, key_id, signature in self.lines
            if (name, key_id) == (verifier.name, verifier.key_id)
        ]
        return max(times, default=None)

    def of_only(self, known: Sequence[Verifier]) -> str:
        """Return the note with only the signature lines of these keys, one of each."""
        keys = {(verifier.name, verifier.key_id) for verifier in known}
        lines = {
            (name, key_id): f"— {name} {base64.b64encode(key_id + signature).decode()}\n"
            for name, key_id, signature in self.lines
            if (name, key_id) in keys
        }
        return "\n".join([self.text, "".join(lines.values())])


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: the log's name, its number of leaves and the root hash of the tree."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a note. Raises BadNote."""
        lines = text.split("\n")
        if len(lines) < 4 or not all(lines[:-1]) or not re.fullmatch("0|[1-9][0-9]*", lines[1]):
            raise BadNote("this is no tree head")
        root = _decoded(lines[2])
        if len(root) != 32:
            raise BadNote("the hash of the tree has the wrong length")
        return cls(lines[0], int(lines[1]), root)

    @classmethod
    def opened(cls, note: str, verifier: Verifier) -> Self:
        """Parse the note of a head and verify the log's own signature. Raises BadNote."""
        parsed = Note.parse(note)
        if parsed.signed_at(verifier) is None:
            raise BadNote(f"{verifier.name} has not signed this")
        head = cls.parse(parsed.text)
        if head.origin != verifier.name:
            raise BadNote(f"this is the head of another log, {head.origin}")
        return head


def size_in(note: str) -> int:
    """The size of the log in a note of its head, whose signatures are not verified."""
    return Checkpoint.parse(Note.parse(note).text).size


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("this is not Base64") from None
