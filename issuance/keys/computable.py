"""Private scalars and nonces that can be computed from public values. Pure.

Baby-step giant-step (Shanks): a table for each curve, made once per process in 0.4 s, has the x
coordinates of the first 2^18 multiples of the generator. The giant steps are 8192 points 2^19
multiples apart; the public point plus or minus one of them is in the table if the scalar is below
2^32. Negatives need no extra work, since they have the same x coordinate.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import Literal

import gmpy2

from issuance.keys.curves import CURVES, Curve, Point
from issuance.keys.guessable import is_guessable
from issuance.keys.published import is_published

type Weakness = Literal["small", "pattern", "word"]

SCALAR_BITS, NONCE_BITS = 32, 16
"""Limits in bits: private scalars and their repeated patterns, and nonces, found up to these."""

_STEP = 1 << 9
_BABIES = 1 << 18
_APART = 2 * _BABIES
"""The distance of two giant steps, in multiples of the generator."""
_GIANTS = (1 << SCALAR_BITS) // _APART
_KEPT = (1 << 46) - 1
"""Mask of the 46 bits of each x that the table keeps, beside 18 bits for the multiple."""
_SLOTS = (1 << 22) - 1


class _Table:
    """The x coordinates of the generator's multiples (baby steps), and the giant steps.

    ``entries`` is sorted: 46 bits of x, then the multiple less one. ``slots`` is a bit map (one
    hash) of the x coordinates, which excludes most look-ups quickly.
    """

    def __init__(self, curve: Curve) -> None:
        """Compute the table of a curve."""
        steps = list(islice(curve.multiples(curve.generator), _STEP))
        self.slots, entries = bytearray(_SLOTS + 1), []
        for multiple, x in _babies(curve, steps[: _STEP // 2], steps[-1]):
            self.slots[x & _SLOTS] |= 1 << (x >> 22 & 7)
            entries.append(int(x & _KEPT) << 18 | multiple - 1)
        self.entries = array("Q", sorted(entries))
        apart = steps[-1]
        for _ in range((_APART // _STEP).bit_length() - 1):
            apart = curve.add(apart, apart)
        self.giants = list(islice(curve.multiples(apart), _GIANTS))

    def multiple(self, x: "gmpy2.mpz | int") -> int | None:
        """The multiple of the generator whose x has the same kept bits, or None."""
        if not self.slots[x & _SLOTS] >> (x >> 22 & 7) & 1:
            return None
        sought = int(x & _KEPT) << 18
        at = bisect_left(self.entries, sought)
        if at == len(self.entries) or self.entries[at] >> 18 != sought >> 18:
            return None
        return (self.entries[at] & _BABIES - 1) + 1


def _babies(curve: Curve, near: list[Point], step: Point) -> Iterator[tuple[int, "gmpy2.mpz"]]:
    """The first ``_BABIES`` multiples of the generator: pairs of multiple and x coordinate.

    ``near`` holds the points of the multiples up to ``_STEP // 2``, ``step`` that of ``_STEP``.
    """
    yield from ((multiple, point[0]) for multiple, point in enumerate(near, start=1))
    for count, centre in enumerate(islice(curve.multiples(step), _BABIES // _STEP), start=1):
        yield count * _STEP, centre[0]
        found = iter(curve.sums(centre, near))
        for distance in range(len(near), 0, -1):
            above, below = count * _STEP + distance, count * _STEP - distance
            sums = next(found), next(found)
            if distance < len(near) and above <= _BABIES:
                yield above, sums[0]
            yield below, sums[1]


@cache
def _table(curve: str) -> _Table:
    return _Table(CURVES[curve])


def prepare_search() -> None:
    """Make the tables now (0.8 s of CPU time), so that the first key does not wait for them.

    To be called by a process that answers within a time limit, before it takes requests.
    """
    for curve in CURVES.values():
        _table(curve.name)
        is_guessable(curve, curve.generator)
    is_published("0" * 64)


@lru_cache(maxsize=1024)
def weakness(curve: str, octets: bytes) -> Weakness | None:
    """The weakness by which the private scalar of a public key can be computed, or None.

    ``curve`` is the curve's name, ``octets`` x and y concatenated. It takes 25 ms; results are
    cached because the same key is examined in corrected requests, for the check and for issuing.
    """
    on, point = CURVES[curve], CURVES[curve].point(octets)
    if is_guessable(on, point):
        return "word"
    if any(on.has_scalar(point, scalar) for scalar in _small(on, point)):
        return "small"
    unit = on.unit % on.n
    reduced = on.times(pow(unit, -1, on.n), point)
    if any(on.has_scalar(point, scalar * unit % on.n) for scalar in _small(on, reduced)):
        return "pattern"
    return None


def _small(curve: Curve, point: Point) -> Iterator[int]:
    """Candidates for the scalar of the point, if it or its negative modulo ``n`` is below 2^32."""
    table, at = _table(curve.name), 0
    try:
        found = [*curve.sums(point, table.giants), point[0]]
    except ZeroDivisionError:  # the point or its negative is a giant step
        found, at = [], [x for x, _ in table.giants].index(point[0]) + 1
    filled, candidates = table.slots, [at * _APART] if at else []
    for place, x in enumerate(found):
        if filled[x & _SLOTS] and (multiple := table.multiple(x)):
            giant = (_GIANTS - place // 2) * _APART
            candidates += [giant + multiple, giant - multiple]
    for scalar in candidates:
        yield scalar % curve.n
        yield -scalar % curve.n


def nonce_of(curve: str, r: int) -> int | None:
    """The nonce of an ECDSA signature, or its negative, computed from the signature's ``r``.

    None unless the nonce or its negative is below 2^16.
    """
    on = CURVES[curve]
    for x in (r, r + on.n):
        if x < on.p and (multiple := _table(curve).multiple(x)):
            return multiple if multiple >> NONCE_BITS == 0 else None
    return None
