"""Lets a worker with network access ask the `ca` worker for heads and a consistency proof.

Question and answer hold sizes, hashes and signed heads, which the receiver can verify.
"""

import base64
import json
import re
from dataclasses import dataclass
from typing import Self

from issuance.publication import ask_worker
from issuance.publication.ocsp_packs import MALFORMED

_SIZE = re.compile(r"[0-9]{1,18}")
_REPLY_TO = re.compile(r"consistency-answer:[0-9a-f]{32}")
LONGEST_NOTE = 20_000
"""Characters, at most, of a head with its witnesses' signatures."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The newest head, the newest one that enough witnesses have signed ("" if none), and a proof.

    The proof shows consistency between the two sizes of the question (RFC 6962, 2.1.2).
    """

    note: str
    cosigned: str
    proof: tuple[bytes, ...]

    def encoded(self) -> bytes:
        proof = [base64.b64encode(each).decode() for each in self.proof]
        return json.dumps({"note": self.note, "cosigned": self.cosigned, "proof": proof}).encode()

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Read what `encoded` made. Raises `MALFORMED`."""
        fields = json.loads(content)
        proof = tuple(base64.b64decode(each) for each in fields["proof"])
        return cls(str(fields["note"]), str(fields["cosigned"]), proof)


def ask(since: int = 0, size: int = 0) -> Answer | None:
    """Return the heads, and the proof that the log of `size` extends the log of size `since`.

    None if the `ca` worker does not answer now, or the log does not have that size.
    """
    sizes = {"since": str(since), "size": str(size)}
    found = ask_worker.exchange("issuance.answer_consistency", "consistency", **sizes)
    try:
        return Answer.decode(found) if found else None
    except MALFORMED:
        return None


def read(since: object, size: object, reply_to: object) -> tuple[int, int, str]:
    """Validate a message; return the sizes and the Redis list for the reply. Raises NotAsked."""
    texts = ask_worker.texts_of((since, _SIZE), (size, _SIZE), (reply_to, _REPLY_TO))
    return int(texts[0]), int(texts[1]), texts[2]
