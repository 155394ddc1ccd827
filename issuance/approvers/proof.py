"""The proof of an approval: an assertion for the attempt alone, or for a plan that contains it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from certportal.foundation.event_log import tree_hashes
from issuance.approvers.assertion import Assertion, BadAssertion, base64url, octets_of
from issuance.approvers.challenge import challenge_of_tree, leaves

_HASH = 32
_LONGEST_PATH = 32
"""Hashes in the path of a plan of four thousand million attempts."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The inclusion proof of an attempt's challenge in a plan's Merkle tree (RFC 9162 2.1.3)."""

    index: int
    size: int
    root: bytes
    path: tuple[bytes, ...]

    @classmethod
    def parse(cls, stored: Any) -> Self:
        """Read the stored form. Raises BadAssertion."""
        fields = stored if isinstance(stored, Mapping) else {}
        index, size, path = fields.get("index"), fields.get("size"), fields.get("path")
        if type(index) is not int or type(size) is not int or not isinstance(path, list):
            raise BadAssertion("the place in the plan is malformed")
        if len(path) > _LONGEST_PATH:
            raise BadAssertion("the path in the plan is too long")
        root = octets_of(fields.get("root"), "root", most=_HASH)
        return cls(index, size, root, tuple(octets_of(e, "path", most=_HASH) for e in path))

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        path = [base64url(each) for each in self.path]
        return {"index": self.index, "size": self.size, "root": base64url(self.root), "path": path}

    def holds(self, challenge: bytes) -> bool:
        """Whether the path leads from the challenge to the root."""
        leaf = tree_hashes.leaf_hash(challenge)
        return tree_hashes.is_included(leaf, self.index, self.size, self.path, self.root)


@dataclass(frozen=True, slots=True)
class Proof:
    """An approver's assertion, with the attempt's place in the plan if it is for a plan."""

    assertion: Assertion
    place: Inclusion | None = None

    @classmethod
    def parse(cls, stored: Any) -> Self:
        """Read the stored form. Raises BadAssertion."""
        assertion = Assertion.parse(stored)
        place = stored.get("plan")
        return cls(assertion, None if place is None else Inclusion.parse(place))

    def to_json(self) -> dict[str, Any]:
        plan = {"plan": self.place.to_json()} if self.place else {}
        return {**self.assertion.to_json(), **plan}

    def challenge_for(self, challenge: bytes) -> bytes:
        """Return the challenge that the assertion must have signed to prove this challenge.

        For a plan that is the plan's own. Raises BadAssertion if the plan does not contain it.
        """
        if self.place is None:
            return challenge
        if not self.place.holds(challenge):
            raise BadAssertion("the attempt is not in the plan")
        return challenge_of_tree(self.place.size, self.place.root)


class PlanProof:
    """Makes the proof of each attempt of a plan from the assertion for the plan."""

    def __init__(self, assertion: Assertion, challenges: Sequence[bytes]) -> None:
        """Keep the assertion, and the tree over the challenge of every attempt of the plan."""
        self._assertion = assertion
        self._challenges = sorted(challenges)
        self._rows = [leaves(challenges)]
        while len(self._rows[-1]) > 1:
            row = self._rows[-1]
            pairs = [tree_hashes.node_hash(*row[i : i + 2]) for i in range(0, len(row) - 1, 2)]
            self._rows.append(pairs + row[len(row) & ~1 :])

    def of(self, challenge: bytes) -> Proof:
        """Return the proof for one of the challenges. Raises BadAssertion for another one."""
        index, size = bisect_left(self._challenges, challenge), len(self._challenges)
        if index == size or self._challenges[index] != challenge:
            raise BadAssertion("the attempt is not in the plan")
        path = tuple(tree_hashes.inclusion_proof(index, size, self._subtree))
        return Proof(self._assertion, Inclusion(index, size, self._rows[-1][0], path))

    def _subtree(self, start: int, end: int) -> bytes:
        """The hash of a subtree: always one of a row, since proofs need no other subtrees."""
        level = (end - start - 1).bit_length()
        return self._rows[level][start >> level]
