"""Which witnesses must have signed a head: a trust policy by https://c2sp.org/tlog-policy.

Names of witnesses and groups are the policy's own; a key's name is another matter.
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
    """A witness's key, and the address under which it is asked; "" if nobody is to ask it."""

    verifier: Verifier
    url: str = ""


@dataclass(slots=True)
class Policy:
    """The witnesses by their names, groups as (how many, members), and who must have signed."""

    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy. Lines about logs are left out: whose log it is, is known from elsewhere.

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
            raise BadPolicy(f"{kind} is none of log, witness, group and quorum")

    def _witness(self, key: str, url: str = "") -> Witness:
        verifier = Verifier.parse(key)
        if verifier.kind != WITNESS:
            raise BadPolicy("the key is not that of a witness")
        if verifier.public in {one.verifier.public for one in self.witnesses.values()}:
            raise BadPolicy("another witness has the same key")
        return Witness(verifier, url)

    def _group(self, count: str, *members: str) -> tuple[int, tuple[str, ...]]:
        known = {*self.witnesses, *self.groups}
        counted = [one for _count, others in self.groups.values() for one in others]
        for one in members:
            if one not in known or [*counted, *members].count(one) > 1:
                raise BadPolicy(f"{one} is not known yet, or counted twice")
        wanted = {"any": 1, "all": len(members)}.get(count) or int(count)
        if not 1 <= wanted <= len(members):
            raise BadPolicy(f"a group of {len(members)} cannot want {wanted}")
        return wanted, members

    def _set_quorum(self, name: str) -> None:
        if self.quorum or name not in {NOBODY, *self.witnesses, *self.groups}:
            raise BadPolicy(f"{name} is not known yet, or there is a quorum already")
        self.quorum = name

    def is_met_by(self, signed: Collection[str]) -> bool:
        """Whether these witnesses are enough."""
        return self.quorum == NOBODY or self._has_signed(self.quorum, signed)

    def _has_signed(self, name: str, signed: Collection[str]) -> bool:
        if name in self.witnesses:
            return name in signed
        wanted, members = self.groups[name]
        return sum(self._has_signed(one, signed) for one in members) >= wanted

    def signers(self, note: str) -> Mapping[str, int]:
        """Return the witnesses that have signed the note, and when, in seconds since 1970.

        Raises BadNote if the note is malformed, or a signature under a witness's key does not fit.
        """
        read = Note.parse(note)
        times = {name: read.signed_at(one.verifier) for name, one in self.witnesses.items()}
        return {name: time for name, time in times.items() if time is not None}
