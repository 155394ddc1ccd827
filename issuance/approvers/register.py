"""The register of approvers: whose passkeys count, for what, and since when.

Its text is a head line and a line for each approver, each line canonical JSON. The signing worker
keeps it as a signed note (issuance.services.approvers.register).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, Self

from accounts.factors.fingerprint import fingerprint
from issuance.approvers.assertion import BadAssertion, base64url, octets_of
from issuance.approvers.verify_assertion import credential_id

FORMAT = "certportal/approvers/v1"
_MOST_OCTETS = 4096
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class BadRegister(ValueError):
    """The text is no register of approvers."""


@dataclass(frozen=True, slots=True)
class Approver:
    """A passkey whose holder may approve; an entry is never removed, only ended.

    ``credential`` is the attested credential data: the id and the public key (COSE).
    """

    person: str
    role: str
    environments: tuple[str, ...]
    credential: bytes
    since: datetime
    enrolled_by: str
    until: datetime | None = None
    ended_by: str = ""

    @property
    def credential_id(self) -> bytes:
        """The credential id, by which an assertion names the passkey."""
        return credential_id(bytes(self.credential))  # fido2's own class has no hash

    @property
    def fingerprint(self) -> str:
        """The fingerprint that the holder reads out at enrolment."""
        return fingerprint(self.credential)

    def is_in_force(self, at: datetime) -> bool:
        """Whether it may be used at this moment."""
        return self.since <= at and (self.until is None or at < self.until)

    @property
    def line(self) -> str:
        """The entry's line in the text of the register."""
        return _canonical(
            {
                "person": self.person,
                "role": self.role,
                "environments": sorted(self.environments),
                "credential": base64url(self.credential),
                "credential_id": base64url(self.credential_id),
                "fingerprint": self.fingerprint,
                "since": _written(self.since),
                "enrolled_by": self.enrolled_by,
                "until": _written(self.until) if self.until else None,
                "ended_by": self.ended_by,
            }
        )

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read an entry's line. Raises ValueError, LookupError, TypeError, BadAssertion."""
        fields = json.loads(line)
        found = cls(
            person=str(fields["person"]),
            role=str(fields["role"]),
            environments=tuple(map(str, fields["environments"])),
            credential=octets_of(fields["credential"], "credential", most=_MOST_OCTETS),
            since=datetime.fromisoformat(fields["since"]),
            enrolled_by=str(fields["enrolled_by"]),
            until=datetime.fromisoformat(fields["until"]) if fields["until"] else None,
            ended_by=str(fields["ended_by"]),
        )
        if found.line != line:
            raise ValueError("it is not written as we write it")
        return found


@dataclass(frozen=True)
class Register:
    """The register after the change with this number; ``previous`` is the digest before it.

    ``change`` has the data of the change's event.
    """

    number: int = 0
    previous: str = ""
    change: tuple[tuple[str, str], ...] = ()
    approvers: tuple[Approver, ...] = ()

    @property
    def text(self) -> str:
        head = {"number": self.number, "previous": self.previous, "change": dict(self.change)}
        lines = [_canonical({"format": FORMAT, **head}), *(each.line for each in self.approvers)]
        return "".join(f"{line}\n" for line in lines)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the text; empty for a register that was never written."""
        return hashlib.sha256(self.text.encode()).hexdigest() if self.number else ""

    @classmethod
    @lru_cache(maxsize=4)  # the signing worker reads the same register for each certificate
    def parse(cls, text: str) -> Self:
        """Read the lines. Raises BadRegister."""
        try:
            first, *lines, _end = text.split("\n")
            head = json.loads(first)
            if head["format"] != FORMAT:
                raise BadRegister("this is no register of approvers of this version")
            change = tuple(sorted((str(k), str(v)) for k, v in head["change"].items()))
            approvers = tuple(map(Approver.parse, lines))
            found = cls(int(head["number"]), str(head["previous"]), change, approvers)
        except (ValueError, LookupError, TypeError, AttributeError, BadAssertion) as error:
            raise BadRegister(f"the register is malformed: {error}") from error
        if found.text != text:
            raise BadRegister("the register is not written as we write it")
        return found

    def in_force(self, credential_id: bytes, at: datetime) -> Approver | None:
        """Return the entry of the passkey with this id that is in force at this moment, or None."""
        entries = (each for each in self.approvers if each.credential_id == credential_id)
        return next((each for each in entries if each.is_in_force(at)), None)

    def persons(self, role: str, environment: str, at: datetime) -> set[str]:
        """Return the persons who may approve for the environment at this moment, in this role."""
        return {
            each.person
            for each in self.approvers
            if each.role == role and environment in each.environments and each.is_in_force(at)
        }

    def with_approver(self, new: Approver, change: Mapping[str, str]) -> "Register":
        return self._next((*self.approvers, new), change)

    def without(
        self, ended: Approver, *, at: datetime, by: str, change: Mapping[str, str]
    ) -> "Register":
        """Return the register with this entry ended at the moment ``at``."""
        closed = replace(ended, until=at, ended_by=by)
        approvers = tuple(closed if each == ended else each for each in self.approvers)
        return self._next(approvers, change)

    def _next(self, approvers: tuple[Approver, ...], change: Mapping[str, Any]) -> "Register":
        items = tuple(sorted(change.items()))
        return Register(self.number + 1, self.digest, items, approvers)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
