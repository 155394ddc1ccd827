"""Which witnesses must have signed a head: a trust policy by https://c2sp.org/tlog-policy.

Names of witnesses and groups are defined by the policy and need not be those in their keys.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self

from certportal.foundation.event_log.notes import WITNESS, BadNote, Note, Verifier

NOBODY = "none"


class BadPolicy(ValueError):
    """The policy is malformed; the message says in which line and how."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness's key, and its address for signature requests; "" if it is not to be asked."""

    verifier: Verifier
    url: str = ""


@dataclass(slots=True)
class Policy:
    """Witnesses by name, groups as (threshold, members) by name, and the name of the quorum."""

    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a policy. Lines about logs are ignored, since the log's key is known from its file.

        Raises BadPolicy.
        """
        policy = cls()
        for number, line in enumerate(text.split("\n"), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            try:
                policy._add(*words)
            except (BadPolicy, BadNote, TypeError, ValueError) as error:
                raise BadPolicy(f"line {number} of the policy: {error}") from None
        if not policy.quorum:
            raise BadPolicy("the policy has no line quorum")
        return policy

    def _add(self, kind: str, name: str, *rest: str) -> None:
        if kind == "log":
            return
        if kind == "quorum":
            self._set_quorum(name, *rest)
            return
        if name == NOBODY or name in {*self.witnesses, *self.groups}:
            raise BadPolicy(f"{name} is taken")
        if kind == "witness":
            self.witnesses[name] = self._witness(*rest)
        elif kind == "group":
            self.groups[name] = self._group(*rest)
        else:
            raise BadPolicy(f"a line must begin with log, witness, group or quorum, not {kind}")

    def _witness(self, key: str, url: str = "") -> Witness:
        verifier = Verifier.parse(key)
        if verifier.kind != WITNESS:
            raise BadPolicy("the key is not that of a witness")
        if verifier.public in {known.verifier.public for known in self.witnesses.values()}:
            raise BadPolicy("another witness has the same key")
        return Witness(verifier, url)

    def _group(self, count: str, *members: str) -> tuple[int, tuple[str, ...]]:
        known = {*self.witnesses, *self.groups}
        counted = [member for _count, others in self.groups.values() for member in others]
        for member in members:
            if member not in known or [*counted, *members].count(member) > 1:
                raise BadPolicy(f"{member} is not defined above, or counted twice")
        threshold = {"any": 1, "all": len(members)}.get(count) or int(count)
        if not 1 <= threshold <= len(members):
            raise BadPolicy(f"a group of {len(members)} cannot require {threshold}")
        return threshold, members

    def _set_quorum(self, name: str) -> None:
        if self.quorum or name not in {NOBODY, *self.witnesses, *self.groups}:
            raise BadPolicy(f"{name} is not defined above, or there is a quorum already")
        self.quorum = name

    def is_met_by(self, signed: Collection[str]) -> bool:
        """Whether signatures of these witnesses, by name, satisfy the policy."""
        return self.quorum == NOBODY or self._has_signed(self.quorum, signed)

    def _has_signed(self, name: str, signed: Collection[str]) -> bool:
        if name in self.witnesses:
            return name in signed
        threshold, members = self.groups[name]
        return sum(self._has_signed(member, signed) for member in members) >= threshold

    def signers(self, note: str) -> Mapping[str, int]:
        """Return the witnesses that have signed the note: name → time in seconds since 1970.

        Raises BadNote if the note is malformed, or a signature of a witness is invalid.
        """
        parsed = Note.parse(note)
        times = {name: parsed.signed_at(known.verifier) for name, known in self.witnesses.items()}
        return {name: time for name, time in times.items() if time is not None}
