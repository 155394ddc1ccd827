"""The rules for RSA keys. Pure."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from math import gcd

import gmpy2

from issuance.der import read
from issuance.findings import Finding, found

with warnings.catch_warnings():  # badkeys imports what cryptography has deprecated
    warnings.simplefilter("ignore")
    from badkeys.rsakeys import roca, rsabias, rsapoly, sharedprimes, smalld

SIZES = (2048, 3072, 4096)
"""Accepted sizes of the modulus in bits: DVV asks for 2048 or 4096, 3072 is our addition."""
FERMAT_ROUNDS, RATIO_ROUNDS = 100, 8
RATIO = 32
"""A key is refused if p/q is close to a/b with integers a and b up to this limit."""
SMOOTH = 1 << 16
"""A key is refused if p-1 for a prime factor p has no prime factor above this."""
SMALLEST = 1 << 20
"""A key is refused if its modulus has a prime factor below this."""
TESTED = range(512, 8193)
"""Sizes in bits for which factors are searched; for others that is pointless or too slow."""


@dataclass(frozen=True, slots=True)
class RsaNumbers:
    """Modulus and public exponent as encoded in the key, not yet validated."""

    modulus: int
    exponent: int

    @property
    def bits(self) -> int:
        """Size of the modulus in bits; 0 if it is not positive."""
        return self.modulus.bit_length() if self.modulus > 0 else 0


def rsa_numbers(bits: read.Element) -> RsaNumbers:
    """Parse RSAPublicKey (RFC 8017 appendix A.1.1) from the BIT STRING subjectPublicKey.

    Raises issuance.der.read.MalformedError or ValueError.
    """
    octets, unused = read.bit_string(bits)
    if unused:
        raise read.MalformedError("bit_string", bits.start)
    modulus, exponent = read.read(octets).expect(read.SEQUENCE).children()
    return RsaNumbers(read.integer(modulus), read.integer(exponent))


def examine_rsa(key: RsaNumbers, *, is_sound: bool = False) -> list[Finding]:
    """Every fault of an RSA key: size, exponent, and methods by which it can be factored.

    ``is_sound``: ``deep_faults`` has found nothing before, and is left out.
    """
    findings = [*_size(key), *_exponent(key)]
    if key.bits in TESTED:
        findings += _factors(key)
        if not (findings or is_sound):
            findings += deep_faults(key.modulus)
    return findings


def _size(key: RsaNumbers) -> Iterator[Finding]:
    if key.bits in SIZES:
        return
    rule = "key.rsa_size"
    if not SIZES[0] < key.bits < SIZES[-1]:
        rule = "key.rsa_short" if key.bits < SIZES[0] else "key.rsa_long"
    yield found(rule, value=key.bits, wanted=", ".join(map(str, SIZES)))


def exponent_bound(bits: int) -> int:
    """Upper bound (excluded) of the public exponent for a modulus of ``bits``.

    It is 2^256 (CA/B BR 6.1.6), or 2^64 above 3072 bits, since OpenSSL refuses larger exponents
    there: OPENSSL_RSA_SMALL_MODULUS_BITS and OPENSSL_RSA_MAX_PUBEXP_BITS in its rsa.h.
    """
    return 1 << (256 if bits <= 3072 else 64)


def _exponent(key: RsaNumbers) -> Iterator[Finding]:
    exponent = key.exponent
    if (
        not 65537 <= exponent < exponent_bound(key.bits)
        or exponent % 2 == 0
        or exponent >= key.modulus
    ):
        short = -(1 << 64) < exponent < 1 << 64
        value = str(exponent) if short else f"2^{exponent.bit_length() - 1}…"
        yield found("key.rsa_exponent", value=value, wanted=65537)


def _factors(key: RsaNumbers) -> Iterator[Finding]:
    modulus = gmpy2.mpz(key.modulus)
    if small := _small_factor(modulus, 65537):
        yield small
        return
    if near_square(modulus):
        yield found("key.rsa_fermat", rounds=FERMAT_ROUNDS)
    if _may_be_roca(modulus) and roca(key.modulus):
        yield found("key.rsa_roca")
    if _is_patterned(key):
        yield found("key.rsa_structure")


@cache
def _primes(bound: int) -> "gmpy2.mpz":
    """The product of all primes up to ``bound``; CA/B BR 6.1.6 asks for those below 752."""
    return gmpy2.primorial(bound)


def _small_factor(modulus: "gmpy2.mpz", bound: int) -> Finding | None:
    factors = gmpy2.gcd(_primes(bound) % modulus, modulus)
    if factors == 1:
        return None
    smallest = next((n for n in range(2, bound + 1) if factors % n == 0), 0)
    return found("key.rsa_factor", value=smallest)


def _may_be_roca(modulus: "gmpy2.mpz") -> bool:
    """Whether the modulus is a power of 65537 modulo every prime of ``_ROCA_POWERS``.

    This holds for every ROCA modulus (CVE-2017-15361), and excludes nearly all others quickly.
    """
    return all(modulus % prime in powers for prime, powers in _ROCA_POWERS)


_ROCA_POWERS = [
    (prime, frozenset(pow(65537, exponent, prime) for exponent in range(prime)))
    for prime in (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
]
"""Primes modulo which 65537 has few powers, with these: Nemec et al. 2017, section 3.1."""


def _is_patterned(key: RsaNumbers) -> bool:
    """Whether the modulus has a pattern, or the private exponent is small enough to be found."""
    share = key.modulus.bit_count() / key.bits
    uneven = not 0.42 < share < 0.58  # inside this range rsapoly and rsabias find nothing
    return bool(
        (uneven and (rsapoly(key.modulus) or rsabias(key.modulus)))
        or _has_run(key.modulus)
        or (1 << 32 <= key.exponent < 1 << 256 and smalld(key.modulus, key.exponent))
    )


def _has_run(modulus: int) -> bool:
    """Whether the modulus contains sixteen equal octets in sequence."""
    changes = modulus ^ modulus >> 8
    return bytes(15) in changes.to_bytes((changes.bit_length() + 7) // 8)


@lru_cache(maxsize=1024)
def deep_faults(modulus: int) -> tuple[Finding, ...]:
    """Faults of a modulus that are slow to find.

    They are a prime factor shared with published keys or below 2^20, primes in a simple ratio, a
    prime modulus, and a prime factor p with smooth p-1. The last takes 0.2 s for 2048 bits and
    0.4 s for 4096, the others together 5 ms for 2048. Results are cached because the same key is
    examined several times: in corrected requests, and for preview, check and issuing.
    """
    number = gmpy2.mpz(modulus)
    if sharedprimes(modulus):
        return (found("key.rsa_shared"),)
    if small := _small_factor(number, SMALLEST):
        return (small,)
    if has_simple_ratio(number):
        return (found("key.rsa_ratio", value=RATIO),)
    if gmpy2.powmod(2, number - 1, number) == 1:  # Fermat's little theorem: a probable prime
        return (found("key.rsa_prime"),)
    return (found("key.rsa_smooth", value=SMOOTH),) if is_smooth(number) else ()


def near_square(modulus: "gmpy2.mpz", rounds: int = FERMAT_ROUNDS) -> bool:
    """Whether Fermat's method factors the number within ``rounds`` rounds."""
    root = gmpy2.isqrt(modulus - 1) + 1
    rest, step = root * root - modulus, 2 * root + 1
    for _ in range(rounds):
        if gmpy2.is_square(rest):
            return True
        rest += step
        step += 2
    return False


def has_simple_ratio(modulus: "gmpy2.mpz") -> bool:
    """Whether p/q is close to a/b with a and b up to ``RATIO`` (Lehman 1974).

    Then a·q is close to b·p, and since (a·q + b·p)² - (a·q - b·p)² = 4·a·b·n, Fermat's method
    applied to 4·a·b·n finds them.
    """
    return any(near_square(4 * ab * modulus, RATIO_ROUNDS) for ab in _ratios())


@cache
def _ratios() -> tuple[int, ...]:
    numbers = range(1, RATIO + 1)
    return tuple({a * b for a in numbers for b in range(1, a) if gcd(a, b) == 1})


def is_smooth(modulus: "gmpy2.mpz") -> bool:
    """Whether p-1 has no prime factor above ``SMOOTH`` for a prime factor p (Pollard 1974).

    p-1 may have a large prime factor twice. Up to 2048 bits any number of these is covered; above,
    only one, since full coverage would take 0.7 s for 4096 bits.
    """
    often = 2 if modulus.bit_length() <= 2048 else 1
    power = gmpy2.powmod(2, _smooth_multiple(often), modulus)
    if gmpy2.gcd(power - 1, modulus) != 1:
        return True
    return bool(gmpy2.gcd(_over_large_primes(power, modulus), modulus) != 1)


@cache
def _smooth_multiple(often: int) -> "gmpy2.mpz":
    """A number that a smooth random p-1 divides, large repeated prime factors apart.

    Primes up to ``SMOOTH`` are in it ``often`` times, and smaller primes with the higher powers
    that occur in random numbers.
    """
    multiple = gmpy2.primorial(SMOOTH) ** often
    for bound, times in ((1 << 12, 2), (1 << 8, 16), (1 << 4, 80), (2, 200)):
        multiple *= gmpy2.primorial(bound) ** times
    return multiple


_WHEEL = 210


def _over_large_primes(power: "gmpy2.mpz", modulus: "gmpy2.mpz") -> "gmpy2.mpz":
    """A product that is divisible by every factor of power^r - 1, for primes r up to ``SMOOTH``.

    Each r is 210·i ± j with j below 105. If power^r is 1, then power^(210·i) equals power^j or
    its inverse, so the sums of each with its inverse are equal, and their difference is 0
    (Montgomery 1987, second phase of the p-1 method).
    """
    inverse = gmpy2.invert(power, modulus)
    near = [
        gmpy2.powmod(power, j, modulus) + gmpy2.powmod(inverse, j, modulus)
        for j in range(1, _WHEEL // 2)
        if gcd(j, _WHEEL) == 1
    ]
    step, back = (gmpy2.powmod(each, _WHEEL, modulus) for each in (power, inverse))
    product, far, far_back = gmpy2.mpz(1), gmpy2.mpz(1), gmpy2.mpz(1)
    for _ in range(SMOOTH // _WHEEL + 1):
        far, far_back = far * step % modulus, far_back * back % modulus
        both = far + far_back
        for each in near:
            product = product * (both - each) % modulus
    return product
