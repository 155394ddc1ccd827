"""The first multiples of each curve's generator, in files that all processes map.

A file holds, for the first 2^21 multiples (baby steps), a bit map of their x coordinates (one
hash), which excludes most look-ups quickly, and then one number of 64 bits for each: 43 bits of x
and 21 for the multiple less one, sorted (the 256th is in it twice). It is made once for an
installation, in 5 s for a curve, and what it must contain is known beforehand (``SHA256``), so a
damaged or altered file is never searched.
"""

import hashlib
import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path

import gmpy2

from issuance.keys.curves import CURVES, Curve, Point

BABIES = 1 << 21
SHA256 = {
    "P-256": "24d6d67a30353b8fed1e7dc4d8f8d307f596c239f67945f0e43c37e05dcbf123",
    "P-384": "7b80d9f026ea0291e6fff806b4bca2ea63ef4be5f8d7a879d8545f4f9581af86",
}
"""Digests of the files, by curve."""

_STEP = 1 << 9
_PLACE_BITS = BABIES.bit_length() - 1
_KEPT = (1 << 64 - _PLACE_BITS) - 1
_SLOT_BITS = 23
_SLOTS = 1 << _SLOT_BITS


class Multiples:
    """Finds the multiple of the generator that has a given x coordinate.

    ``slots[x % len(slots)]`` is not 0 if one of the multiples may have this x.
    """

    def __init__(self, curve: str) -> None:
        """Map the file of a curve, and make it first if it is missing or not what it must be."""
        path = Path(__file__).with_name(f"multiples-{curve}.bin")
        content = _mapped(path, SHA256[curve]) or _made(path, CURVES[curve])
        self.slots = memoryview(content)[:_SLOTS]
        self._entries = memoryview(content)[_SLOTS:].cast("Q")

    def of(self, x: "gmpy2.mpz | int") -> Iterator[int]:
        """Yield the multiples, or their negatives, that may have this x: it must be verified.

        They are several if what is kept of their x is the same, as it is of a few.
        """
        if not self.slots[x & _SLOTS - 1] >> (x >> _SLOT_BITS & 7) & 1:
            return
        sought = int(x & _KEPT) << _PLACE_BITS
        for at in range(bisect_left(self._entries, sought), len(self._entries)):
            if (self._entries[at] ^ sought) >> _PLACE_BITS:
                return
            yield (self._entries[at] & BABIES - 1) + 1


@cache
def multiples(curve: str) -> Multiples:
    """The table of a curve; the first time in a process this takes 0.05 s, if the file is there."""
    return Multiples(curve)


def _mapped(path: Path, sha256: str) -> "mmap.mmap | None":
    with suppress(OSError, ValueError), path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return None


def _made(path: Path, curve: Curve) -> bytes:
    """The content, written to the file if that is allowed: it may be another user's."""
    content = _content(curve)
    part = path.with_suffix(f".{os.getpid()}.part")
    with suppress(OSError):
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return content


def _content(curve: Curve) -> bytes:
    slots, entries = bytearray(_SLOTS), []
    for multiple, x in _babies(curve):
        slots[x & _SLOTS - 1] |= 1 << (x >> _SLOT_BITS & 7)
        entries.append(int(x & _KEPT) << _PLACE_BITS | multiple - 1)
    return bytes(slots) + array("Q", sorted(entries)).tobytes()


def _babies(curve: Curve) -> Iterator[tuple[int, "gmpy2.mpz"]]:
    """The first multiples of the generator: pairs of multiple and x coordinate."""
    steps: list[Point] = list(islice(curve.multiples(curve.generator), _STEP))
    near = steps[: _STEP // 2]
    yield from ((multiple, point[0]) for multiple, point in enumerate(near, start=1))
    for count, centre in enumerate(islice(curve.multiples(steps[-1]), BABIES // _STEP), start=1):
        yield count * _STEP, centre[0]
        found = iter(curve.sums(centre, near))
        for distance in range(len(near), 0, -1):
            above, below = count * _STEP + distance, count * _STEP - distance
            sums = next(found), next(found)
            if distance < len(near) and above <= BABIES:
                yield above, sums[0]
            yield below, sums[1]
