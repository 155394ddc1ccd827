"""Private scalars and nonces that can be computed from public values. Pure.

Baby-step giant-step (Shanks): a table for each curve has the x coordinates of the first 2^21
multiples of the generator (``multiples``). The giant steps are 1024 points 2^22 multiples apart;
the public point plus or minus one of them is in the table if the scalar is below 2^32. Negatives
need no extra work, since they have the same x coordinate.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain, islice
from typing import Literal

from issuance.keys.curves import CURVES, Curve, Point
from issuance.keys.guessable import is_guessable
from issuance.keys.multiples import BABIES, multiples
from issuance.keys.published import is_published

type Weakness = Literal["small", "pattern", "word"]

SCALAR_BITS, NONCE_BITS = 32, 16
"""Limits in bits: private scalars and their repeated patterns, and nonces, found up to these."""

_APART = 2 * BABIES
"""The distance of two giant steps, in multiples of the generator."""
_GIANTS = (1 << SCALAR_BITS) // _APART


@cache
def _giants(curve: str) -> list[Point]:
    """The giant steps: the multiples of the generator by ``_APART``, its double and so on."""
    on = CURVES[curve]
    apart = on.generator
    for _ in range(_APART.bit_length() - 1):
        apart = on.add(apart, apart)
    return list(islice(on.multiples(apart), _GIANTS))


def prepare_search() -> None:
    """Read the tables now (0.1 s of CPU time), so that the first key does not wait for them.

    To be called by a process that answers within a time limit, before it takes requests.
    """
    for curve in CURVES.values():
        multiples(curve.name), _giants(curve.name)
        is_guessable(curve, curve.generator)
    is_published("0" * 64)


@lru_cache(maxsize=1024)
def weakness(curve: str, octets: bytes) -> Weakness | None:
    """The weakness by which the private scalar of a public key can be computed, or None.

    ``curve`` is the curve's name, ``octets`` x and y concatenated. It takes 3 ms; results are
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
    table, giants, at = multiples(curve.name), _giants(curve.name), 0
    try:
        found = [*curve.sums(point, giants), point[0]]
    except ZeroDivisionError:  # the point or its negative is a giant step
        found, at = [], [x for x, _ in giants].index(point[0]) + 1
    slots, candidates = table.slots, [at * _APART] if at else []
    last = len(slots) - 1
    for place, x in enumerate(found):
        if slots[x & last]:
            giant = (_GIANTS - place // 2) * _APART
            for multiple in table.of(x):
                candidates += [giant + multiple, giant - multiple]
    for scalar in candidates:
        yield scalar % curve.n
        yield -scalar % curve.n


def nonce_of(curve: str, r: int) -> int | None:
    """The nonce of an ECDSA signature, or its negative, computed from the signature's ``r``.

    None unless the nonce or its negative is below 2^16.
    """
    on = CURVES[curve]
    known = (multiples(curve).of(x) for x in (r, r + on.n) if x < on.p)
    return next((each for each in chain(*known) if each >> NONCE_BITS == 0), None)
