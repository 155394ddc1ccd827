"""One line of the journal: the SHA-256 (hex) of its JSON, a space and the JSON.

The JSON contains the hash of the previous line, so removing, changing or moving a line breaks the
chain. A line left incomplete by a crash fails its own hash, and the next writer removes it.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One signed certificate: reference and attempt, serial number (hex) and DER.

    ``facts`` are the values of its database row, so that the row can be restored from here.
    """

    reference: str
    attempt: int
    serial: str
    der: bytes
    facts: Mapping[str, str | int]

    def line(self, previous: str = "") -> bytes:
        """The line as written to the file; ``previous`` is the hash of the previous line."""
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
    """A complete line: its hash, the previous line's hash ("" in the first) and the entry."""

    digest: str
    previous: str
    entry: Entry


def parse(line: bytes) -> Line | None:
    """Parse a line, with or without line feed; None if it is incomplete or was changed."""
    digest, _, payload = line.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(payload).hexdigest().encode() != digest:
        return None
    content = json.loads(payload)
    previous = content.pop("previous", "")
    entry = Entry(**{**content, "der": base64.b64decode(content["der"])})
    return Line(digest.decode(), previous, entry)
