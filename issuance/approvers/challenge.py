"""The challenge that a passkey signs: the hash of exactly what is decided.

Whoever has the signature can tell which bytes it is about, and under which policy. What is hashed
is canonical JSON: names sorted, no white space, characters as they are, in UTF-8.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from certportal.foundation.event_log import tree_hashes

APPROVAL = "certportal/approval/v1"
APPROVAL_ON_WAIVERS = "certportal/approval/v2"
PLAN = "certportal/approval-of-plan/v1"
WAIVER = "certportal/waiver/v2"
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class ToApprove:
    """An attempt as it is approved.

    ``persons`` is how many must approve at least as the registration authority says, ``until``
    from when on nothing may be signed on this approval, ``waivers`` what the givers of those
    signed that it rests on; all are stored with it.
    """

    tbs_sha256: str
    reference: UUID
    attempt: int
    environment: str
    persons: int
    until: datetime | None = None
    waivers: tuple[bytes, ...] = ()


def challenge_of(it: ToApprove) -> bytes:
    """Return the 32 octets that the approval of one attempt signs."""
    rests_on = {"waivers": sorted(each.hex() for each in it.waivers)} if it.waivers else {}
    return _hashed(
        APPROVAL_ON_WAIVERS if rests_on else APPROVAL,
        decision="approve",
        tbs_sha256=it.tbs_sha256,
        reference=str(it.reference),
        attempt=it.attempt,
        environment=it.environment,
        persons=it.persons,
        until=it.until.astimezone(UTC).isoformat() if it.until else None,
        **rests_on,
    )


def challenge_of_plan(challenges: Sequence[bytes]) -> bytes:
    """Return what one approval of many attempts signs, given the challenge of each of them."""
    return challenge_of_tree(len(challenges), tree_hashes.root(leaves(challenges)))


def challenge_of_tree(size: int, root: bytes) -> bytes:
    """Return what the approval of a plan signs, given the Merkle tree over its challenges."""
    return _hashed(PLAN, decision="approve", size=size, root=root.hex())


def leaves(challenges: Sequence[bytes]) -> list[bytes]:
    """Return the leaves of a plan's tree, in the order of the challenges' octets."""
    return [tree_hashes.leaf_hash(each) for each in sorted(challenges)]


def challenge_of_waiver(**said: Any) -> bytes:
    """Return what a waiver signs, given the stored form of issuance.approvers.waived.ToWaive."""
    return _hashed(WAIVER, decision="waive", **said)


def _hashed(format_: str, **said: Any) -> bytes:
    return hashlib.sha256(_canonical({"format": format_, **said}).encode()).digest()
