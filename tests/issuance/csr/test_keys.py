"""Keys: kinds, sizes, and each known way of being weak, on keys made for the purpose."""

import random

import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from issuance.der import read
from issuance.der.write import sequence, tlv
from issuance.keys import curves, multiples, policy
from issuance.keys.policy import examine_key, read_key, spki_sha256
from issuance.keys.published import FILE, WIDTH, is_published
from tests.issuance.csr.builder import ec_key, errors, oid, rsa_key, rsa_spki, spki_of

DICE = random.Random(20261125)


def prime(bits: int) -> int:
    """A random prime with its two highest bits set."""
    return int(gmpy2.next_prime(DICE.getrandbits(bits) | 3 << (bits - 2)))


def found(spki: bytes, **how) -> list[str]:
    return [finding.rule for finding in examine_key(spki, **how)]


P, Q = prime(1024), prime(1024)


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_common_rsa_keys_are_faultless(bits: int) -> None:
    assert found(spki_of(rsa_key(bits))) == []


@pytest.mark.parametrize("curve", ["P-256", "P-384"])
def test_the_two_nist_curves_are_faultless(curve: str) -> None:
    assert found(spki_of(ec_key(curve))) == []
    assert read_key(spki_of(ec_key(curve))).facts.name == curve


def test_each_curve_of_the_policy_can_be_examined() -> None:
    named = {name for name, _bits in policy.CURVES.values()}
    assert named == curves.CURVES.keys() == multiples.SHA256.keys()


@pytest.mark.parametrize(
    ("bits", "rule"),
    [
        (512, "key.rsa_short"),
        (1024, "key.rsa_short"),
        (2047, "key.rsa_short"),
        (2050, "key.rsa_size"),
        (2056, "key.rsa_size"),
        (4097, "key.rsa_long"),
        (8192, "key.rsa_long"),
        (16384, "key.rsa_long"),
    ],
)
def test_other_sizes_are_refused(bits: int, rule: str) -> None:
    modulus = 0
    while modulus.bit_length() != bits:
        modulus = DICE.getrandbits(bits) | 1 | 1 << (bits - 1)
        modulus = modulus if gmpy2.gcd(modulus, 3 * 5 * 7) == 1 else 0
    assert rule in found(rsa_spki(modulus))


@pytest.mark.parametrize("exponent", [-3, 0, 1, 3, 65535, 65536, 1 << 256 | 1, P * Q + 2])
def test_odd_exponents_are_refused(exponent: int) -> None:
    assert "key.rsa_exponent" in found(rsa_spki(P * Q, exponent))


@pytest.mark.parametrize("exponent", [65537, 65539, (1 << 256) - 1])
def test_exponents_within_the_bounds_are_taken(exponent: int) -> None:
    assert "key.rsa_exponent" not in found(rsa_spki(P * Q, exponent))


def test_keys_over_3072_bits_have_exponents_that_openssl_takes() -> None:
    numbers = rsa_key(4096).public_key().public_numbers()
    assert found(spki_of(rsa_key(4096))) == []
    assert found(rsa_spki(numbers.n, (1 << 64) - 59)) == []
    assert found(rsa_spki(numbers.n, 1 << 64 | 1)) == ["key.rsa_exponent"]


@pytest.mark.parametrize("modulus", [0, 1, 2, 5, -(P * Q)])
def test_senseless_moduli_are_refused(modulus: int) -> None:
    assert "key.rsa_short" in found(rsa_spki(modulus))


@pytest.mark.parametrize("factor", [2, 3, 751, 65521])
def test_small_factors_are_found(factor: int) -> None:
    modulus = factor * prime(2048 - factor.bit_length() + 1)
    assert "key.rsa_factor" in found(rsa_spki(modulus))


def test_close_primes_and_squares_are_found() -> None:
    near = int(gmpy2.next_prime(P + 2**16))
    assert "key.rsa_fermat" in found(rsa_spki(P * near))
    assert "key.rsa_fermat" in found(rsa_spki(P * P))


def test_primes_of_the_faulty_infineon_chips_are_found() -> None:
    m = int(gmpy2.primorial(701))  # the primorial of ROCA's 1024-bit primes is near this
    primes = []
    while len(primes) < 2:
        k = DICE.getrandbits(1024 - m.bit_length()) | 1 << (1023 - m.bit_length())
        candidate = k * m + pow(65537, DICE.getrandbits(200), m)
        if gmpy2.is_prime(candidate):
            primes.append(int(candidate))
    assert "key.rsa_roca" in found(rsa_spki(primes[0] * primes[1]))


def test_a_prime_modulus_is_found_each_time() -> None:
    spki = rsa_spki(prime(2048))
    assert [found(spki), found(spki)] == [["key.rsa_prime"], ["key.rsa_prime"]]


@pytest.mark.parametrize(
    "modulus",
    [
        2**2047 + 2**1024 + 1,
        int.from_bytes(bytes.fromhex("c1a5") * 128) | 1,
        int.from_bytes(b"\xff" * 16 + DICE.randbytes(240)) | 1,
    ],
    ids=["sparse", "repeated", "run"],
)
def test_moduli_that_are_not_random_are_refused(modulus: int) -> None:
    assert {"key.rsa_structure", "key.rsa_factor"} & set(found(rsa_spki(modulus)))


def test_a_small_private_exponent_is_found() -> None:
    d = prime(300)
    phi = (P - 1) * (Q - 1)
    exponent = pow(d, -1, phi)
    assert "key.rsa_exponent" in found(rsa_spki(P * Q, exponent))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
        (x25519.X25519PrivateKey.generate(), "X25519"),
        (dsa.generate_private_key(1024), "DSA"),
    ],
)
def test_other_types_are_refused_by_name(key, name: str) -> None:
    [finding] = examine_key(spki_of(key))
    assert finding.rule == "key.type"
    assert finding.params["value"] == name
    assert finding.reason == "unsupported-key"


@pytest.mark.parametrize("curve", [ec.SECP521R1(), ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_other_curves_are_refused_by_name(curve: ec.EllipticCurve) -> None:
    [finding] = examine_key(spki_of(ec.generate_private_key(curve)))
    assert finding.rule == "key.curve"
    assert "P-256" in str(finding.params["wanted"])


def ec_spki(point: bytes, parameters: bytes = oid("1.2.840.10045.3.1.7")) -> bytes:
    return sequence(sequence(oid("1.2.840.10045.2.1"), parameters), tlv(0x03, b"\0", point))


def point_of(key: ec.EllipticCurvePrivateKey, form=PublicFormat.UncompressedPoint) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, form)


def test_points_are_checked() -> None:
    point = point_of(ec_key())
    off = point[:-1] + bytes([point[-1] ^ 1])
    hybrid = bytes([6 | point[-1] & 1]) + point[1:]
    for bad in (off, hybrid, point[:-1], b"\0", b"", point_of(ec_key("P-384"))):
        assert found(ec_spki(bad)) == ["key.unreadable"]
    assert found(ec_spki(point_of(ec_key(), PublicFormat.CompressedPoint))) == []


@pytest.mark.parametrize("form", [PublicFormat.UncompressedPoint, PublicFormat.CompressedPoint])
def test_a_point_with_unused_bits_is_refused(form: PublicFormat) -> None:
    """Its last bit is 0, so the key is the same, and the hash by which it is known another."""
    keys = (ec.derive_private_key(DICE.getrandbits(200), ec.SECP256R1()) for _ in range(50))
    point = next(each for key in keys if not (each := point_of(key, form))[-1] & 1)
    curve = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
    assert found(sequence(curve, tlv(0x03, b"\0", point))) == []
    assert found(sequence(curve, tlv(0x03, b"\1", point))) == ["key.unreadable"]


def test_explicit_missing_and_double_curve_parameters_are_refused() -> None:
    point, curve = point_of(ec_key()), oid("1.2.840.10045.3.1.7")
    assert found(ec_spki(point, sequence(tlv(0x02, b"\1")))) == ["key.curve"]
    assert found(ec_spki(point, b"")) == ["key.unreadable"]
    assert found(ec_spki(point, curve + tlv(0x05))) == ["key.unreadable"]


def test_bytes_after_the_key_are_refused() -> None:
    spki = spki_of(rsa_key())
    inner = spki[spki.index(b"\x03\x82") + 5 :]
    algorithm = sequence(oid("1.2.840.113549.1.1.1"), tlv(0x05))
    assert found(sequence(algorithm, tlv(0x03, b"\0", inner, b"\0\0"))) == ["key.unreadable"]


def test_published_keys_are_refused() -> None:
    """The P-256 test key of RFC 9500, section 2.3, whose private half is printed there."""
    x = int("42254888a3d8402c55ee5bc1b4a68d9ac7e4a35b", 16)
    assert not is_published(spki_sha256(x.to_bytes(32)))
    digests = [FILE.read_bytes()[at : at + WIDTH].hex() + "00" * 24 for at in (0, WIDTH * 1000)]
    assert all(map(is_published, digests))


def test_the_shipped_list_is_whole_and_sorted() -> None:
    table = FILE.read_bytes()
    entries = [table[at : at + WIDTH] for at in range(0, len(table), WIDTH)]
    assert len(entries) == 77_900
    assert sorted(set(entries)) == entries


def test_the_block_list_of_the_database_is_asked() -> None:
    asked: list[str] = []
    digest = spki_sha256(spki_of(ec_key()))

    def blocked(spki: str) -> bool:
        asked.append(spki)
        return True

    assert found(spki_of(ec_key()), blocked=blocked) == ["key.blocked"]
    assert asked == [digest]


def test_a_blocked_modulus_with_another_exponent_is_blocked() -> None:
    """Its primes give the private key for each exponent."""
    known, modulus = spki_sha256(spki_of(rsa_key())), rsa_key().public_key().public_numbers().n
    assert found(rsa_spki(modulus, 65539), blocked=known.__eq__) == ["key.blocked"]


def test_a_blocked_key_is_blocked_as_one_for_rsassa_pss() -> None:
    usual = spki_of(rsa_key())
    known, bits = spki_sha256(usual), read.read(usual).children()[1]
    pss = sequence(sequence(oid("1.2.840.113549.1.1.10")), bits.encoded)
    assert found(pss, blocked=known.__eq__) == ["key.type", "key.blocked"]


@pytest.mark.parametrize("spki", [b"", b"\0", b"\x30\x00", sequence(sequence(), tlv(0x03, b"\0"))])
def test_senseless_keys_are_unreadable(spki: bytes) -> None:
    assert found(spki) == ["key.unreadable"]


def test_the_keys_faults_reach_the_report() -> None:
    small = rsa.generate_private_key(65537, 1024)
    assert errors(key=small) == ["key.rsa_short"]
