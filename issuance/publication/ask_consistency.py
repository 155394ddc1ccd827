"""Lets a worker that reaches witnesses ask the `ca` worker for a head and a proof of consistency.

Question and answer hold sizes, hashes and signed heads, so nobody has to believe them.
"""

import base64
import json
import re
from dataclasses import dataclass
from typing import Self

from issuance.publication import ask_worker
from issuance.publication.ask_worker import NotAsked

_SIZE = re.compile(r"[0-9]{1,18}")
_REPLY_TO = re.compile(r"consistency-answer:[0-9a-f]{32}")
LONGEST_NOTE = 20_000
"""Characters of a head with its witnesses' signatures at most."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The newest head, the newest one that enough witnesses have signed ("" if none), and a proof.

    The proof is that of the sizes that were asked about (RFC 6962, 2.1.2).
    """

    note: str
    cosigned: str
    proof: tuple[bytes, ...]

    def encoded(self) -> bytes:
        """The answer as it is sent."""
        proof = [base64.b64encode(each).decode() for each in self.proof]
        return json.dumps({"note": self.note, "cosigned": self.cosigned, "proof": proof}).encode()

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Read what `encoded` made. Raises ValueError, KeyError, TypeError."""
        said = json.loads(content)
        proof = tuple(base64.b64decode(each) for each in said["proof"])
        return cls(str(said["note"]), str(said["cosigned"]), proof)


def ask(since: int = 0, size: int = 0) -> Answer | None:
    """Return the heads, and the proof that the log of size `since` begins the one of `size`.

    None if the `ca` worker does not answer now, or the log does not have that size.
    """
    sizes = {"since": str(since), "size": str(size)}
    found = ask_worker.exchange("issuance.answer_consistency", "consistency", **sizes)
    try:
        return Answer.decode(found) if found else None
    except (ValueError, KeyError, TypeError):
        return None


def read(since: object, size: object, reply_to: object) -> tuple[int, int, str]:
    """Validate a message; return the sizes and where the answer is awaited. Raises NotAsked."""
    given = [(since, _SIZE), (size, _SIZE), (reply_to, _REPLY_TO)]
    texts = [text for text, form in given if isinstance(text, str) and form.fullmatch(text)]
    if len(texts) != len(given):
        raise NotAsked("the message is not of the form of a question")
    return int(texts[0]), int(texts[1]), texts[2]
