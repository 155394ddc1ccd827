"""Keys that anybody can compute, each class drawn at random: none of them gets through."""

import gzip
import hashlib
import random
from functools import cache
from itertools import pairwise
from pathlib import Path

import gmpy2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings, strategies as st

from issuance.csr import examine
from issuance.findings import Finding
from issuance.keys import multiples as tables
from issuance.keys.curves import CURVES, Curve
from issuance.keys.guessable import FILE, HASHES, WIDTH, forms, pack
from issuance.keys.policy import examine_key
from issuance.keys.rsa import deep_faults
from issuance.management.commands.pack_guessable_keys import OWN_WORDS, PASSWORDS
from tests.issuance.csr.builder import GOOD, request, rsa_spki, rules, spki_of
from tests.issuance.csr.private_keys import key_of, signed_with

SOME = settings(max_examples=12, suppress_health_check=list(HealthCheck))
FEW = settings(SOME, max_examples=5)
SOME_RSA = settings(SOME, max_examples=6)

curves = st.sampled_from(sorted(CURVES)).map(CURVES.__getitem__)
either = st.booleans()
dice = st.integers(0, 2**64 - 1).map(random.Random)


def judged(curve: Curve, scalar: int, *, negative: bool) -> list[Finding]:
    return examine_key(spki_of(key_of(curve, -scalar if negative else scalar)))


def _file(curve: str) -> Path:
    return Path(tables.__file__).with_name(f"multiples-{curve}.bin")


def problems(findings: list[Finding]) -> list[tuple[str, object]]:
    """Rule and problem of each finding. A drawn key can be a published one too: n − 2 is."""
    told = [finding for finding in findings if finding.rule != "key.published"]
    return [(finding.rule, finding.params.get("problem")) for finding in told]


@SOME
@given(curves, st.integers(1, 2**32 - 1), either)
def test_a_small_scalar_is_found(curve: Curve, scalar: int, negative: bool) -> None:
    assert problems(judged(curve, scalar, negative=negative)) == [("key.ec_scalar", "small")]


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize("near", [1, 2**21, 2**22, 2**31, 2**32])
def test_small_scalars_are_found_at_the_ends_of_the_steps(curve: Curve, near: int) -> None:
    """Where baby and giant steps meet: the point itself, its double, and no point at all."""
    for scalar in range(max(near - 1, 1), min(near + 2, 2**32)):
        assert problems(judged(curve, scalar, negative=False)) == [("key.ec_scalar", "small")]


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("harm", ["missing", "altered", "cut short"])
def test_a_table_that_is_not_what_it_must_be_is_made_anew(
    curve: str, harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {name: _file(name).read_bytes() for name in CURVES}
    monkeypatch.setattr(tables, "__file__", str(tmp_path / "multiples.py"))
    monkeypatch.setattr(tables, "_content", lambda on: good[on.name])
    path = tmp_path / f"multiples-{curve}.bin"
    if harm != "missing":
        path.write_bytes(good[curve][:-8] + (bytes(8) if harm == "altered" else b""))
    assert [*tables.Multiples(curve).of(CURVES[curve].generator[0])] == [1]
    assert path.read_bytes() == good[curve]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_the_multiples_are_the_ones_the_library_computes() -> None:
    dice = random.Random(2026)
    for curve in CURVES.values():
        for multiple in (1, 2, 511, 512, 513, *dice.choices(range(1, tables.BABIES + 1), k=20)):
            public = ec.derive_private_key(multiple, curve.library).public_key()
            assert multiple in tables.multiples(curve.name).of(public.public_numbers().x)


@pytest.mark.parametrize("curve", CURVES)
def test_the_ends_of_the_table_are_looked_up(curve: str) -> None:
    table = tables.multiples(curve)
    first, last = table._entries[0], table._entries[-1]
    for entry in (first, last):
        multiple = (entry & tables.BABIES - 1) + 1
        public = ec.derive_private_key(multiple, CURVES[curve].library).public_key()
        assert multiple in table.of(public.public_numbers().x)
    kept = range((last >> 21) + 1, 2**43)  # all that is looked up of an x, above the last entry
    passed = (x for x in kept if table.slots[x % len(table.slots)] >> (x >> 23 & 7) & 1)
    assert [*table.of(next(passed))] == []


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_multiples_of_which_the_same_is_kept_are_all_found(curve: Curve) -> None:
    table = tables.multiples(curve.name)
    same = [
        [(entry & tables.BABIES - 1) + 1 for entry in pair]
        for pair in pairwise(table._entries)
        if pair[0] >> 21 == pair[1] >> 21
    ]
    assert same  # the 256th is in it twice
    for scalar in {one for pair in same for one in pair} | {2**31 - same[0][1]}:
        assert problems(judged(curve, scalar, negative=False)) == [("key.ec_scalar", "small")]


@SOME
@given(curves, st.sampled_from([1, 2, 4]), st.data(), either)
def test_a_scalar_that_repeats_a_pattern_is_found(
    curve: Curve, length: int, data: st.DataObject, negative: bool
) -> None:
    pattern = data.draw(st.binary(min_size=length, max_size=length).filter(any))
    scalar = int.from_bytes(pattern * (curve.octets // length))
    assert problems(judged(curve, scalar, negative=negative)) == [("key.ec_scalar", "pattern")]


@cache
def words() -> list[str]:
    common = gzip.decompress(PASSWORDS.read_bytes()).decode().split()
    return common + OWN_WORDS.read_text().splitlines()


@settings(SOME, max_examples=40)
@given(curves, st.data(), st.sampled_from(HASHES), st.sampled_from("mcn"), either)
def test_a_scalar_that_is_the_hash_of_a_common_word_is_found(
    curve: Curve, data: st.DataObject, name: str, how: str, negative: bool
) -> None:
    """Reduced modulo n, cut to the curve, or h mod (n-1) + 1."""
    digest = hashlib.new(name, data.draw(st.sampled_from(words())).encode()).digest()
    number = int.from_bytes(digest)
    scalar = {
        "m": number % curve.n,
        "c": int.from_bytes(digest[: curve.octets]) % curve.n,
        "n": number % (curve.n - 1) + 1,
    }[how]
    assert problems(judged(curve, scalar, negative=negative)) == [("key.ec_scalar", "word")]


def test_the_shipped_list_is_sorted_and_has_the_words_of_the_two_lists() -> None:
    table = FILE.read_bytes()
    entries = [table[at : at + WIDTH] for at in range(0, len(table), WIDTH)]
    known = set(entries)
    assert entries == sorted(known)
    packed = pack(text for word in ("salasana", "password") for text in forms(word))
    assert all(packed[at : at + WIDTH] in known for at in range(0, len(packed), WIDTH))


@SOME
@given(curves, dice)
def test_a_random_scalar_has_no_fault(curve: Curve, dice: random.Random) -> None:
    assert judged(curve, dice.randrange(1 << 200, curve.n), negative=False) == []


@SOME
@given(
    curves,
    dice,
    st.integers(1, 2**16 - 1),
    st.sampled_from([hashes.SHA256(), hashes.SHA384(), hashes.SHA512()]),
    either,
)
def test_a_signature_with_a_small_nonce_gives_the_key_away(
    curve: Curve,
    dice: random.Random,
    nonce: int,
    digest: hashes.HashAlgorithm,
    negative: bool,
) -> None:
    scalar = dice.randrange(1 << 200, curve.n)
    nonce = curve.n - nonce if negative else nonce
    report = examine(signed_with(curve, scalar, nonce, digest))
    assert rules(report) == ["key.nonce"]
    assert report.reasons == ["compromised-key"]
    assert report.csr is not None
    assert report.leaked_spki_sha256 == [report.csr.key.spki_sha256]


@FEW
@given(curves, dice)
def test_a_random_nonce_gives_nothing_away(curve: Curve, dice: random.Random) -> None:
    scalar, nonce = (dice.randrange(1 << 200, curve.n) for _ in range(2))
    assert examine(signed_with(curve, scalar, nonce)).accepted


def prime(dice: random.Random, bits: int) -> int:
    """A random prime with its two highest bits set."""
    return int(gmpy2.next_prime(dice.getrandbits(bits) | 3 << (bits - 2)))


ratios = st.tuples(st.integers(1, 32), st.integers(1, 32)).filter(lambda two: two[0] != two[1])


@SOME
@given(dice, st.sampled_from([2048, 3072, 4096]), ratios, st.integers(0, 200), either)
def test_primes_near_a_simple_ratio_are_found(
    dice: random.Random, bits: int, ratio: tuple[int, int], distance: int, negative: bool
) -> None:
    a, b = ratio
    modulus = 3 << (bits - 2) | dice.getrandbits(bits - 2)
    p = int(gmpy2.next_prime(gmpy2.isqrt(modulus * a // b)))
    away = dice.getrandbits(distance)
    q = int(gmpy2.next_prime(p * b // a + (-away if negative else away)))
    assert [finding.rule for finding in examine_key(rsa_spki(p * q))] == ["key.rsa_ratio"]


@cache
def small_primes() -> list[int]:
    return [n for n in range(3, 1 << 16, 2) if gmpy2.is_prime(n)]


def smooth_prime(dice: random.Random, bits: int, how: str) -> int:
    """A prime p for which p-1 is twice a product of what is below 2^16: any primes, any numbers, or
    different primes of which one is there twice.
    """
    while True:
        unused = dice.sample(small_primes(), len(small_primes()))
        rest = gmpy2.mpz(2 * (unused.pop() ** 2 if how == "different" else 1))
        while rest.bit_length() < bits - 17:
            if how == "different":
                rest *= unused.pop()
            else:
                rest *= dice.randrange(2, 1 << 16) if how == "numbers" else dice.choice(unused)
        for last in unused:
            p = rest * last + 1
            fits = rest % last and p.bit_length() == bits and p >> (bits - 2) == 3
            if fits and gmpy2.is_prime(p):
                return int(p)


DRAWN = [(2048, "primes"), (2048, "numbers"), (3072, "different"), (4096, "different")]


@SOME_RSA
@given(
    dice,
    st.sampled_from(DRAWN),
    either,
)
def test_primes_less_one_with_small_factors_only_are_found(
    dice: random.Random, drawn: tuple[int, str], both: bool
) -> None:
    bits, how = drawn
    p = smooth_prime(dice, bits // 2, how)
    q = smooth_prime(dice, bits // 2, how) if both else prime(dice, bits // 2)
    assert [finding.rule for finding in examine_key(rsa_spki(p * q))] == ["key.rsa_smooth"]


@SOME
@given(dice, st.integers(3, 2**20 - 1))
def test_a_factor_below_two_to_the_twentieth_is_found(dice: random.Random, near: int) -> None:
    small = int(gmpy2.prev_prime(near + 1))
    modulus = 3 << 2046 | dice.getrandbits(2046)
    large = int(gmpy2.next_prime(modulus // small))
    [finding] = examine_key(rsa_spki(small * large))
    assert (finding.rule, finding.params["value"]) == ("key.rsa_factor", small)


def test_a_random_rsa_key_has_no_fault_and_is_remembered() -> None:
    key = rsa.generate_private_key(65537, 2048)
    deep_faults.cache_clear()
    assert examine_key(spki_of(key)) == examine_key(spki_of(key)) == []
    assert deep_faults.cache_info().hits == 1


def test_what_can_be_computed_is_named_to_be_blocked() -> None:
    report = examine(request(key=key_of(CURVES["P-256"], 1234567)))
    assert report.reasons == ["weak-key"]
    assert report.csr is not None
    assert report.leaked_spki_sha256 == [report.csr.key.spki_sha256]
    assert examine(GOOD.der()).leaked_spki_sha256 == []


def test_what_can_be_computed_is_named_with_the_usual_exponent_too() -> None:
    p = int(gmpy2.next_prime(3 << 1022))
    q = int(gmpy2.next_prime(p))
    private = rsa.RSAPrivateNumbers
    d = pow(65539, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65539, p * q)
    unusual = private(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()
    report = examine(request(key=unusual))
    assert report.reasons == ["weak-key"]
    named = [hashlib.sha256(spki).hexdigest() for spki in (spki_of(unusual), rsa_spki(p * q))]
    assert report.leaked_spki_sha256 == named
