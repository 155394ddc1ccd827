"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1), over SHA-256.

Proofs are made of the hashes of subtrees, which a callable reads from tiles or from memory.
"""

import hashlib
from collections.abc import Callable, Sequence

type Subtree = Callable[[int, int], bytes]
"""Returns the root hash of the tree over the leaves from start up to, excluding, end."""

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of the tree over these hashes, each of a leaf or of a complete subtree."""
    if not hashes:
        return EMPTY
    row = list(hashes)
    while len(row) > 1:
        pairs = [node_hash(*row[i : i + 2]) for i in range(0, len(row) - 1, 2)]
        row = pairs + row[len(row) & ~1 :]  # an odd last one goes up as it is
    return row[0]


def split(width: int) -> int:
    """Return the number of leaves in the left subtree: the largest power of two below the width."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that the leaf is in the tree of this size. Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError("there is no such leaf")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(before: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that the tree of size `before` is the beginning of this one.

    Raises ValueError.
    """
    if not 0 <= before <= size:
        raise ValueError("the tree is smaller than that")
    if before in {0, size}:
        return []
    proof, start, end, is_whole = [], 0, size, True
    while end != before:
        middle = start + split(end - start)
        if before <= middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start, is_whole = middle, False
    return ([] if is_whole else [subtree(start, end)]) + proof[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Return whether the proof leads from the leaf's hash to the head (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            found = node_hash(each, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, each)
        position, last = position >> 1, last >> 1
    return last == 0 and found == head
