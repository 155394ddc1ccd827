"""Lets a web process ask the `ca` worker for the places of events in the log, with proofs.

Only the signing worker can read the log's files. Question and answer hold numbers and hashes and
nothing of an event itself; the web process verifies the answer with the log's public key.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from issuance.publication import ask_worker
from issuance.publication.ocsp_packs import MALFORMED

MOST = 100
"""Events in one question, at most."""
_allowance = ask_worker.Allowance(a_second=2.0)
_NUMBERS = re.compile(rf"[0-9]{{1,18}}(?:,[0-9]{{1,18}}){{0,{MOST - 1}}}")
_REPLY_TO = re.compile(r"receipts-answer:[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Place:
    """The index of an event's leaf, and the proof that it is in the log."""

    index: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The signed head of the log, and the place of each event that is in it, by its number."""

    note: str
    places: Mapping[int, Place]

    def encoded(self) -> bytes:
        places = {
            number: [place.index, *(base64.b64encode(each).decode() for each in place.proof)]
            for number, place in self.places.items()
        }
        return json.dumps({"note": self.note, "places": places}).encode()

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Read what `encoded` made. Raises `MALFORMED`."""
        fields = json.loads(content)
        places = {
            int(number): Place(int(index), tuple(map(base64.b64decode, proof)))
            for number, (index, *proof) in fields["places"].items()
        }
        return cls(str(fields["note"]), places)


def ask(numbers: Sequence[int]) -> Answer | None:
    """Return the `ca` worker's answer about these events; None if it does not answer now."""
    with _allowance.take() as may:
        listed = ",".join(map(str, numbers))
        found = (
            ask_worker.exchange("issuance.answer_receipts", "receipts", numbers=listed)
            if may
            else None
        )
    try:
        return Answer.decode(found) if found else None
    except MALFORMED:
        return None


def read(numbers: object, reply_to: object) -> tuple[list[int], str]:
    """Validate a message; return the numbers and the Redis list for the reply. Raises NotAsked."""
    listed, waiting = ask_worker.texts_of((numbers, _NUMBERS), (reply_to, _REPLY_TO))
    return [int(number) for number in listed.split(",")], waiting
