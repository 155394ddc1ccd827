"""The receipt of an event: proves with only the log's public key that the event is in the log.

A text by https://c2sp.org/tlog-proof: the event itself as extra data, its index, the inclusion
proof and the signed head of the log.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from certportal.foundation.event_log.leaves import event_of
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Verifier
from certportal.foundation.event_log.tiles import HASH, LONGEST_ENTRY
from certportal.foundation.event_log.tree_hashes import is_included, leaf_hash

SUFFIX, MEDIA_TYPE = ".tlog-proof", "text/plain; charset=utf-8"
LARGEST = 2 * LONGEST_ENTRY
"""Maximum octets of a receipt: the entry in Base64, some thirty hashes and a head."""
_FIRST = "c2sp.org/tlog-proof@v1"
_FORM = re.compile(
    rf"{re.escape(_FIRST)}\nextra ([A-Za-z0-9+/=]+)\nindex (0|[1-9][0-9]{{0,18}})\n"
    r"((?:[A-Za-z0-9+/=]{44}\n){0,63})\n(.+)",
    re.DOTALL,
)


class Fault(StrEnum):
    """Why a receipt proves nothing."""

    FORM = "form"
    OTHER_LOG = "other log"
    SIGNATURE = "signature"
    PROOF = "proof"
    WITNESS = "witness"
    ENDED = "ended"
    EXPOSED = "exposed"


class BadReceipt(ValueError):
    """The receipt proves nothing; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Receipt:
    """An event's leaf, its index in the log, the inclusion proof and the log's signed head."""

    entry: bytes
    index: int
    proof: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        lines = [_FIRST, f"extra {_encoded(self.entry)}", f"index {self.index}"]
        return "\n".join([*lines, *map(_encoded, self.proof), "", self.note])

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Parse a file without verifying it. Raises BadReceipt.

        CRLF line ends are accepted, since some mail programs and editors write them.
        """
        try:
            found = _FORM.fullmatch(content.decode().replace("\r\n", "\n"))
            if found is None or len(content) > LARGEST:
                raise BadReceipt(Fault.FORM)
            proof = tuple(base64.b64decode(line, validate=True) for line in found[3].split())
            receipt = cls(base64.b64decode(found[1], validate=True), int(found[2]), proof, found[4])
        except (UnicodeDecodeError, binascii.Error):
            raise BadReceipt(Fault.FORM) from None
        if any(len(each) != HASH for each in proof):
            raise BadReceipt(Fault.FORM)
        return receipt

    @property
    def event(self) -> dict[str, Any]:
        """The event's columns. Raises BadReceipt."""
        try:
            return event_of(self.entry)
        except (ValueError, RecursionError):
            raise BadReceipt(Fault.FORM) from None

    @property
    def origin(self) -> str:
        """The name of the log in the head."""
        return self.note.partition("\n")[0]

    def check(self, verifier: Verifier) -> Checkpoint:
        """Verify with the log's key that it signed the head and that the event is in the log.

        Return the head. Raises BadReceipt.
        """
        if self.origin != verifier.name:
            raise BadReceipt(Fault.OTHER_LOG)
        try:
            head = Checkpoint.opened(self.note, verifier)
        except BadNote:
            raise BadReceipt(Fault.SIGNATURE) from None
        leaf = leaf_hash(self.entry)
        if not is_included(leaf, self.index, head.size, self.proof, head.root):
            raise BadReceipt(Fault.PROOF)
        return head


def _encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
