"""A waiver as its giver's passkey signs it, and as stored with an approval that rests on it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self
from uuid import UUID

from issuance.approvers.assertion import Assertion, BadAssertion
from issuance.approvers.challenge import challenge_of_waiver


@dataclass(frozen=True, slots=True)
class ToWaive:
    """A finding that is waived on an order, until the end of a day.

    ``number`` counts the order's waivers, so that a signature holds for one of them only. The
    reason is represented by its SHA-256 (hex).
    """

    reference: UUID
    number: int
    rule: str
    params: Mapping[str, Any]
    reason_sha256: str
    ends_on: date

    @property
    def challenge(self) -> bytes:
        """The 32 octets that the giver's passkey signs."""
        return challenge_of_waiver(**self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return the stored form, which is what is signed."""
        return {
            "reference": str(self.reference),
            "number": self.number,
            "rule": self.rule,
            "params": dict(self.params),
            "reason_sha256": self.reason_sha256,
            "ends_on": self.ends_on.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver with its giver's assertion, which may be missing or for another challenge."""

    waiver: ToWaive
    assertion: Assertion | None

    @classmethod
    def parse(cls, stored: Any) -> Self:
        """Read the stored form. Raises BadAssertion."""
        try:
            waiver = ToWaive(
                reference=UUID(stored["reference"]),
                number=int(stored["number"]),
                rule=str(stored["rule"]),
                params={**stored["params"]},
                reason_sha256=str(stored["reason_sha256"]),
                ends_on=date.fromisoformat(stored["ends_on"]),
            )
            signed = stored["assertion"]
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise BadAssertion("a waiver is malformed") from error
        return cls(waiver, None if signed is None else Assertion.parse(signed))

    def to_json(self) -> dict[str, Any]:
        signed = self.assertion.to_json() if self.assertion else None
        return {**self.waiver.to_json(), "assertion": signed}

    @property
    def is_signed(self) -> bool:
        """Whether the assertion names this waiver's challenge; the signature is not verified."""
        try:
            return self.assertion is not None and self.assertion.challenge == self.waiver.challenge
        except BadAssertion:
            return False


def digest_of(reason: str) -> str:
    """Return the hash of a reason, which may be personal data."""
    return hashlib.sha256(reason.encode()).hexdigest()
