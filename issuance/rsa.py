"""The rules about RSA keys. Pure: numbers in, findings out."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import gmpy2

from issuance import tlv
from issuance.findings import Finding, found

with warnings.catch_warnings():  # badkeys imports what cryptography has deprecated
    warnings.simplefilter("ignore")
    from badkeys.rsakeys import roca, rsabias, rsapoly, sharedprimes, smalld

SIZES = (2048, 3072, 4096)
"""Bits of the modulus taken: DVV asks for 2048 or 4096, 3072 is ours."""
FERMAT_ROUNDS = 100
TESTED = range(512, 8193)
"""Outside these numbers of bits only the size is judged: more would be senseless or cost much."""


@dataclass(frozen=True, slots=True)
class RsaNumbers:
    """Modulus and public exponent, as sent."""

    modulus: int
    exponent: int

    @property
    def bits(self) -> int:
        """Size of the modulus in bits; 0 if it is not positive."""
        return self.modulus.bit_length() if self.modulus > 0 else 0


def rsa_numbers(bits: tlv.Element) -> RsaNumbers:
    """Read RSAPublicKey (RFC 8017 appendix A.1.1) out of a subjectPublicKey BIT STRING."""
    octets, unused = tlv.bit_string(bits)
    if unused:
        raise tlv.MalformedError("bit_string", bits.start)
    modulus, exponent = tlv.read(octets).expect(tlv.SEQUENCE).children()
    return RsaNumbers(tlv.integer(modulus), tlv.integer(exponent))


def examine_rsa(key: RsaNumbers) -> list[Finding]:
    """Every fault of an RSA key: size, exponent, and ways of being factored."""
    findings = [*_size(key), *_exponent(key)]
    if key.bits in TESTED:
        findings += _factors(key)
        if not findings:
            findings += map(found, deep_faults(key.modulus))
    return findings


def _size(key: RsaNumbers) -> Iterator[Finding]:
    if key.bits in SIZES:
        return
    rule = "key.rsa_size"
    if not SIZES[0] < key.bits < SIZES[-1]:
        rule = "key.rsa_short" if key.bits < SIZES[0] else "key.rsa_long"
    yield found(rule, value=key.bits, wanted=", ".join(map(str, SIZES)))


def exponent_bound(bits: int) -> int:
    """What the exponent stays below: 2^256, and 2^64 where OpenSSL refuses to work with more.

    BR 6.1.6; OPENSSL_RSA_SMALL_MODULUS_BITS and OPENSSL_RSA_MAX_PUBEXP_BITS of its rsa.h.
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
    if (factor := gmpy2.gcd(_small_primes() % modulus, modulus)) != 1:
        smallest = next((p for p in _first_primes() if factor % p == 0), 0)
        yield found("key.rsa_factor", value=int(smallest))
        return
    if near_square(modulus):
        yield found("key.rsa_fermat", rounds=FERMAT_ROUNDS)
    if _may_be_roca(modulus) and roca(key.modulus):
        yield found("key.rsa_roca")
    if _is_patterned(key):
        yield found("key.rsa_structure")


def _may_be_roca(modulus: "gmpy2.mpz") -> bool:
    """Whether the modulus is a power of 65537 by each of some primes, as all of ROCA's are."""
    return all(modulus % prime in powers for prime, powers in _ROCA_POWERS)


_ROCA_POWERS = [
    (prime, frozenset(pow(65537, exponent, prime) for exponent in range(prime)))
    for prime in (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
]
"""Primes by which 65537 has few powers: Nemec et al. 2017, section 3.1."""


def _is_patterned(key: RsaNumbers) -> bool:
    """Whether the modulus is not random, or the private exponent small enough to be found."""
    share = key.modulus.bit_count() / key.bits
    uneven = not 0.42 < share < 0.58  # within this neither test below ever finds anything
    return bool(
        (uneven and (rsapoly(key.modulus) or rsabias(key.modulus)))
        or _has_run(key.modulus)
        or (1 << 32 <= key.exponent < 1 << 256 and smalld(key.modulus, key.exponent))
    )


def _has_run(modulus: int) -> bool:
    """Whether sixteen equal octets follow one another in the modulus."""
    changes = modulus ^ modulus >> 8
    return bytes(15) in changes.to_bytes((changes.bit_length() + 7) // 8)


@lru_cache(maxsize=256)
def deep_faults(modulus: int) -> tuple[str, ...]:
    """The rules broken by a modulus that shares a published prime, or is a prime itself.

    They take 2 ms for 2048 bits and 14 ms for 4096, more than all else together, and the same
    key comes back: with its names mended, and for the preview, the check and the issuing.
    """
    broken = ["key.rsa_shared"] if sharedprimes(modulus) else []
    number = gmpy2.mpz(modulus)
    if gmpy2.powmod(2, number - 1, number) == 1:  # Fermat's little theorem: a probable prime
        broken.append("key.rsa_prime")
    return tuple(broken)


def near_square(modulus: "gmpy2.mpz") -> bool:
    """Whether Fermat's method factors the modulus within ``FERMAT_ROUNDS`` rounds."""
    root = gmpy2.isqrt(modulus - 1) + 1
    rest, step = root * root - modulus, 2 * root + 1
    for _ in range(FERMAT_ROUNDS):
        if gmpy2.is_square(rest):
            return True
        rest += step
        step += 2
    return False


@cache
def _first_primes() -> tuple[int, ...]:
    """All primes up to 65537."""
    sieve = bytearray([1]) * 65538
    for n in range(2, 257):
        if sieve[n]:
            sieve[n * n :: n] = bytes(len(range(n * n, 65538, n)))
    return tuple(n for n in range(2, 65538) if sieve[n])


@cache
def _small_primes() -> "gmpy2.mpz":
    """Their product; BR 6.1.6 asks for those below 752."""
    factors = [gmpy2.mpz(prime) for prime in _first_primes()]
    while len(factors) > 1:
        pairs = [a * b for a, b in zip(factors[::2], factors[1::2], strict=False)]
        factors = pairs + factors[len(pairs) * 2 :]
    return factors[0]
