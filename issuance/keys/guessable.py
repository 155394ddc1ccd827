"""Elliptic-curve keys whose private scalar is the hash of a common word. Pure.

The shipped list has the first octets of the x coordinate of each such public point. Its words and
hashes, and how it is made, are described in docs/decisions/keys-anybody-can-compute.md.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from issuance.keys.curves import CURVES, Curve, Point

FILE = Path(__file__).with_name("guessable-keys.bin")
WIDTH = 6
"""Octets kept of each x coordinate. Three are looked up for a key, so one of 170 million good
keys is refused by chance."""
HASHES = ("md5", "sha1", "sha256", "sha384", "sha512")


def is_guessable(curve: Curve, point: Point) -> bool:
    """Whether the private scalar, or its negative, is guessable: the hash of a common word.

    The hash plus one is covered too, since FIPS 186-5 appendix A.2.1 derives a scalar from a
    random number h as h mod (n-1) + 1, which mostly equals h + 1.
    """
    xs = [point[0]]
    if point[0] != curve.generator[0]:
        xs += curve.sums(point, [curve.generator])
    return any(_is_listed(int(x).to_bytes(curve.octets)[:WIDTH]) for x in xs)


def scalars(text: bytes, curve: Curve) -> set[int]:
    """The private scalars that may have been derived from a text.

    They are its hashes, whole or truncated to the size of the curve, modulo ``n`` and ``n - 1``.
    """
    digests = [hashlib.new(name, text, usedforsecurity=False).digest() for name in HASHES]
    numbers = [int.from_bytes(digest) for digest in digests]
    cut = [int.from_bytes(digest[: curve.octets]) for digest in digests]
    every = {number % modulus for number in numbers + cut for modulus in (curve.n, curve.n - 1)}
    return every - {0}


def forms(word: str) -> Iterator[bytes]:
    """A word as given, capitalised, and with a line feed, as ``echo`` prints it."""
    yield word.encode()
    yield word.capitalize().encode()
    yield f"{word}\n".encode()


def pack(texts: Iterable[bytes]) -> bytes:
    """The content of the shipped list for these texts: x coordinates cut to ``WIDTH``, sorted."""
    every = list(texts)
    points = {
        _x(scalar, curve)[:WIDTH]
        for curve in CURVES.values()
        for text in every
        for scalar in scalars(text, curve)
    }
    return b"".join(sorted(points))


def _x(scalar: int, curve: Curve) -> bytes:
    numbers = ec.derive_private_key(scalar, curve.library).public_key().public_numbers()
    return numbers.x.to_bytes(curve.octets)


def _is_listed(start: bytes) -> bool:
    table = _table()
    entries = range(len(table) // WIDTH)
    at = bisect_left(entries, start, key=lambda n: table[n * WIDTH : (n + 1) * WIDTH])
    return table[at * WIDTH : (at + 1) * WIDTH] == start


@cache
def _table() -> bytes:
    return FILE.read_bytes()
