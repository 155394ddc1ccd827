"""The challenge that a passkey signs: the hash of exactly what is decided.

So a signature proves which bytes were approved, and under which policy. Canonical JSON is hashed:
names sorted, no white space, characters not escaped, in UTF-8.
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

    ``persons`` is the least number of approvals that the registration authority requires; from
    ``until`` on the approval does not count; ``waivers`` are the challenges that the givers of the
    waivers it rests on have signed. All are stored with the approval.
    """

    tbs_sha256: str
    reference: UUID
    attempt: int
    environment: str
    persons: int
    until: datetime | None = None
    waivers: tuple[bytes, ...] = ()


def challenge_of(attempt: ToApprove) -> bytes:
    """Return the 32 octets that are signed to approve one attempt."""
    rests_on = (
        {"waivers": sorted(each.hex() for each in attempt.waivers)} if attempt.waivers else {}
    )
    return _hashed(
        APPROVAL_ON_WAIVERS if rests_on else APPROVAL,
        decision="approve",
        tbs_sha256=attempt.tbs_sha256,
        reference=str(attempt.reference),
        attempt=attempt.attempt,
        environment=attempt.environment,
        persons=attempt.persons,
        until=attempt.until.astimezone(UTC).isoformat() if attempt.until else None,
        **rests_on,
    )


def challenge_of_plan(challenges: Sequence[bytes]) -> bytes:
    """Return what is signed to approve many attempts together, given the challenge of each."""
    return challenge_of_tree(len(challenges), tree_hashes.root(leaves(challenges)))


def challenge_of_tree(size: int, root: bytes) -> bytes:
    """Return what is signed to approve a plan, given the Merkle tree over its challenges."""
    return _hashed(PLAN, decision="approve", size=size, root=root.hex())


def leaves(challenges: Sequence[bytes]) -> list[bytes]:
    """Return the leaves of a plan's tree, in the order of the challenges' octets."""
    return [tree_hashes.leaf_hash(each) for each in sorted(challenges)]


def challenge_of_waiver(**content: Any) -> bytes:
    """Return what is signed to give a waiver, given the stored form of `waived.ToWaive`."""
    return _hashed(WAIVER, decision="waive", **content)


def _hashed(format_: str, **content: Any) -> bytes:
    return hashlib.sha256(_canonical({"format": format_, **content}).encode()).digest()
