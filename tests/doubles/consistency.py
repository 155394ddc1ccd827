"""Verification of a consistency proof, which the service only makes (RFC 9162 2.1.4.2)."""

from collections.abc import Iterator, Sequence

from certportal.foundation.event_log.tree_hashes import EMPTY, node_hash


def is_consistent(
    before: int, head_before: bytes, size: int, head: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether the proof shows that the earlier tree begins this one."""
    if before == size:
        return not proof and head_before == head
    if before == 0:
        return not proof and head_before == EMPTY
    if not 0 < before < size:
        return False
    hashes = iter([head_before, *proof] if before & (before - 1) == 0 else proof)
    return _leads(before - 1, size - 1, hashes, head_before, head)


def _leads(position: int, last: int, hashes: Iterator[bytes], earlier: bytes, head: bytes) -> bool:
    while position & 1:
        position, last = position >> 1, last >> 1
    found = found_earlier = next(hashes, b"")
    for each in hashes:
        if last == 0:
            return False
        if position & 1 or position == last:
            found, found_earlier = node_hash(each, found), node_hash(each, found_earlier)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, each)
        position, last = position >> 1, last >> 1
    return last == 0 and found_earlier == earlier and found == head
