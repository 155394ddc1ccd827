"""Point arithmetic on P-256 and P-384, which the library does not offer. Pure.

For public points only: the operations are not constant-time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import gmpy2
from cryptography.hazmat.primitives.asymmetric import ec

type Point = tuple["gmpy2.mpz", "gmpy2.mpz"]
"""Affine coordinates (x, y); the point at infinity cannot be represented."""


@dataclass(frozen=True)
class Curve:
    """The curve y² = x³ - 3x + b modulo the prime ``p``; ``n`` is the order of ``generator``."""

    name: str
    library: ec.EllipticCurve
    p: "gmpy2.mpz"
    n: int
    b: "gmpy2.mpz"
    generator: Point

    @property
    def octets(self) -> int:
        """Size in octets of a coordinate and of a private scalar."""
        return self.library.key_size // 8

    @cached_property
    def unit(self) -> int:
        """The factor that repeats a pattern of four octets over the whole scalar."""
        return int.from_bytes(b"\0\0\0\1" * (self.octets // 4))

    def add(self, term: Point, other: Point) -> Point:
        """The sum of two points. Raises ZeroDivisionError if it is the point at infinity."""
        (x1, y1), (x2, y2), p = term, other, self.p
        if term == other:
            slope = (3 * x1 * x1 - 3) * gmpy2.invert(2 * y1, p) % p
        else:
            slope = (y2 - y1) * gmpy2.invert(x2 - x1, p) % p
        x = (slope * slope - x1 - x2) % p
        return x, (slope * (x1 - x) - y1) % p

    def multiples(self, point: Point) -> Iterator[Point]:
        """The multiples of the point by 1, 2, 3 and so on, without end."""
        each = point
        while True:
            yield each
            each = self.add(each, point)

    def sums(self, point: Point, others: list[Point]) -> list["gmpy2.mpz"]:
        """The x coordinates of point + other and point - other, in turn, for each of ``others``.

        The last of ``others`` comes first. One modular inversion serves all (Montgomery's trick).
        Raises ZeroDivisionError if the point or its negative is among ``others``.
        """
        (xq, yq), p = point, self.p
        product = gmpy2.mpz(1)
        before, found = [], []
        for x, _ in others:
            before.append(product)
            product = product * (xq - x) % p
        inverse = gmpy2.invert(product, p)
        for x, y in reversed(others):
            reciprocal = inverse * before.pop() % p
            inverse = inverse * (xq - x) % p
            both = xq + x
            slope = (yq - y) * reciprocal % p
            found.append((slope * slope - both) % p)
            slope = (yq + y) * reciprocal % p
            found.append((slope * slope - both) % p)
        return found

    def point(self, octets: bytes) -> Point:
        """The point given by its coordinates x and y, concatenated."""
        half = len(octets) // 2
        return gmpy2.mpz.from_bytes(octets[:half], "big"), gmpy2.mpz.from_bytes(
            octets[half:], "big"
        )

    def times(self, factor: int, point: Point) -> Point:
        """``factor`` times the point, up to its sign, computed with the library's ECDH."""
        peer = ec.EllipticCurvePublicNumbers(int(point[0]), int(point[1]), self.library)
        own = ec.derive_private_key(factor % self.n, self.library)
        shared = own.exchange(ec.ECDH(), peer.public_key())
        x = gmpy2.mpz.from_bytes(shared, "big")
        # Square root modulo p, which is 3 modulo 4: SEC 1 section 2.3.4.
        return x, gmpy2.powmod(x * x * x - 3 * x + self.b, (self.p + 1) // 4, self.p)

    def has_scalar(self, point: Point, scalar: int) -> bool:
        """Whether ``scalar`` is the private scalar of the public point."""
        if not 0 < scalar < self.n:
            return False
        numbers = ec.derive_private_key(scalar, self.library).public_key().public_numbers()
        return (numbers.x, numbers.y) == point


def _curve(library: ec.EllipticCurve, p: int, n: str, b: str, x: str, y: str) -> Curve:
    numbers = [gmpy2.mpz(number, 16) for number in (b, x, y)]
    name = f"P-{library.key_size}"
    return Curve(name, library, gmpy2.mpz(p), int(n, 16), numbers[0], (numbers[1], numbers[2]))


CURVES = {
    curve.name: curve
    for curve in (
        _curve(
            ec.SECP256R1(),
            2**256 - 2**224 + 2**192 + 2**96 - 1,
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
            "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ),
        _curve(
            ec.SECP384R1(),
            2**384 - 2**128 - 2**96 + 2**32 - 1,
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
            "581a0db248b0a77aecec196accc52973",
            "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a"
            "c656398d8a2ed19d2a85c8edd3ec2aef",
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
            "5502f25dbf55296c3a545e3872760ab7",
            "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0"
            "0a60b1ce1d7e819d7a431d7c90ea0e5f",
        ),
    )
}
"""Curves by name; parameters from FIPS 186-5 and SP 800-186 section 3.2.1."""
