"""One line of the journal: the SHA-256 of its JSON, a space and the JSON.

The JSON names the hash of the line before, so that a line taken out, changed or put elsewhere
breaks the chain. A line torn by a crash fails its own hash: the next writer cuts it off.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


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

    def line(self, previous: str = "") -> bytes:
        """The line as it stands in the file; ``previous`` is the hash of the one before."""
        content = {
            "reference": self.reference,
            "attempt": self.attempt,
            "serial": self.serial,
            "der": base64.b64encode(self.der).decode(),
            "facts": dict(self.facts),
            "previous": previous,
        }
        payload = json.dumps(content, sort_keys=True).encode()
        return hashlib.sha256(payload).hexdigest().encode() + b" " + payload + b"\n"


@dataclass(frozen=True, slots=True)
class Line:
    """A whole line as read: its own hash, that of the line before ("" for the first), the entry."""

    digest: str
    previous: str
    entry: Entry


def parse(line: bytes) -> Line | None:
    """Read one line, with or without its line feed; None if it is torn or changed."""
    digest, _, payload = line.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(payload).hexdigest().encode() != digest:
        return None
    content = json.loads(payload)
    previous = content.pop("previous", "")
    entry = Entry(**{**content, "der": base64.b64decode(content["der"])})
    return Line(digest.decode(), previous, entry)
