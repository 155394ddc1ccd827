"""Proof of possession and the algorithms of signatures."""

from dataclasses import replace
from math import gcd
from unittest.mock import Mock

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from issuance.csr import examine
from issuance.der import integer, sequence, tlv
from tests.issuance.csr.builder import (
    GOOD,
    SHA256_EC,
    SHA256_RSA,
    ec_key,
    errors,
    oid,
    request,
    rsa_key,
    spki_of,
)

RSA = replace(GOOD, key=rsa_key())
NULL = tlv(0x05)


def bits(octets: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]), octets)


@pytest.mark.parametrize(
    ("digest", "last"), [(hashes.SHA256(), 11), (hashes.SHA384(), 12), (hashes.SHA512(), 13)]
)
def test_the_three_hashes_are_taken_with_rsa(digest, last: int) -> None:
    algorithm = sequence(oid(f"1.2.840.113549.1.1.{last}"), NULL)
    assert errors(replace(RSA, digest=digest, algorithm=algorithm).der()) == []


@pytest.mark.parametrize(
    ("digest", "last"), [(hashes.SHA256(), 2), (hashes.SHA384(), 3), (hashes.SHA512(), 4)]
)
def test_the_three_hashes_are_taken_with_ecdsa(digest, last: int) -> None:
    algorithm = sequence(oid(f"1.2.840.10045.4.3.{last}"))
    assert errors(digest=digest, algorithm=algorithm, key=ec_key("P-384")) == []


@pytest.mark.parametrize(
    ("dotted", "name"),
    [
        ("1.2.840.113549.1.1.2", "MD2"),
        ("1.2.840.113549.1.1.3", "MD4"),
        ("1.2.840.113549.1.1.4", "MD5"),
        ("1.3.14.3.2.15", "SHA-0"),
        ("1.2.840.113549.1.1.14", "SHA-224"),
        ("2.16.840.1.101.3.4.3.14", "SHA3-256"),
    ],
)
def test_weak_and_unusual_hashes_are_refused_by_name(dotted: str, name: str) -> None:
    report = examine(replace(RSA, algorithm=sequence(oid(dotted), NULL)).der())
    assert report.reasons == ["weak-signature"]
    assert report.errors[0].params["value"] == name


def test_sha_1_is_weak_and_a_wrong_sha_1_is_both() -> None:
    algorithm = sequence(oid("1.2.840.113549.1.1.5"), NULL)
    assert errors(replace(RSA, algorithm=algorithm, digest=hashes.SHA1()).der()) == [
        "signature.weak"
    ]
    assert errors(replace(RSA, algorithm=algorithm).der()) == [
        "signature.weak",
        "signature.invalid",
    ]


def test_what_was_changed_after_signing_shows() -> None:
    der = GOOD.der()
    at = der.index(b"Mallisairaala")
    assert errors(der[:at] + b"Nallisairaala" + der[at + 13 :]) == ["signature.invalid"]


def with_exponent(least: int) -> rsa.RSAPrivateKey:
    """The key with the same primes and the first exponent from ``least`` on that goes with them."""
    own = rsa_key().private_numbers()
    totient = (own.p - 1) * (own.q - 1)
    exponent = next(e for e in range(least | 1, least + 1000, 2) if gcd(e, totient) == 1)
    d = pow(exponent, -1, totient)
    public = rsa.RSAPublicNumbers(exponent, own.p * own.q)
    parts = (d, d % (own.p - 1), d % (own.q - 1), pow(own.q, -1, own.p))
    return rsa.RSAPrivateNumbers(own.p, own.q, *parts, public).private_key()


@pytest.mark.parametrize("bits", [17, 33, 63, 65, 200])
def test_possession_is_proven_whatever_the_exponent(bits: int) -> None:
    key = with_exponent(1 << (bits - 1))
    assert errors(key=key) == []
    stolen = request(key=rsa_key(3072), spki=spki_of(key))
    assert errors(stolen) == ["signature.invalid"]


def test_what_no_library_can_use_proves_nothing(monkeypatch) -> None:
    monkeypatch.setattr("issuance.keys.load_der_public_key", Mock(side_effect=ValueError))
    assert errors(key=rsa_key()) == ["key.unreadable"]
    assert errors(key=ec_key()) == ["key.unreadable"]


def test_a_signature_with_another_key_proves_nothing() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    assert errors(spki=spki_of(other)) == ["signature.invalid"]


def test_the_hash_named_must_be_the_hash_used() -> None:
    algorithm = sequence(oid("1.2.840.113549.1.1.13"), NULL)
    assert errors(replace(RSA, algorithm=algorithm).der()) == ["signature.invalid"]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0",
        bytes(64),
        sequence(integer(0), integer(0)),
        sequence(integer(1), integer(1)),
        sequence(integer((1 << 256) - 1), integer(1)),
    ],
    ids=["empty", "one", "raw", "zeros", "ones", "large"],
)
def test_senseless_ecdsa_signatures_are_refused(octets: bytes) -> None:
    assert "signature.invalid" in errors(signature=bits(octets))


@pytest.mark.parametrize("octets", [b"", b"\1", bytes(256), bytes(257), b"\xff" * 256])
def test_senseless_rsa_signatures_are_refused(octets: bytes) -> None:
    assert "signature.invalid" in errors(replace(RSA, signature=bits(octets)).der())


@pytest.mark.parametrize("last", [0x00, 0xFF])
def test_signatures_with_unused_bits_are_refused(last: int) -> None:
    octets = RSA.sign(RSA.info())[:-1] + bytes([last])
    assert "signature.invalid" in errors(replace(RSA, signature=bits(octets, 3)).der())


@pytest.mark.parametrize("dotted", ["1.2.840.113549.1.1.1", "1.3.6.1.4.1.55555.1"])
def test_unknown_algorithms_are_refused(dotted: str) -> None:
    report = examine(replace(RSA, algorithm=sequence(oid(dotted), NULL)).der())
    assert report.reasons == ["bad-signature"]
    assert report.errors[0].params["value"] == dotted


@pytest.mark.parametrize("dotted", [SHA256_RSA])
def test_an_rsa_signature_under_an_ec_key_is_refused(dotted: str) -> None:
    assert errors(algorithm=sequence(oid(dotted), NULL)) == ["signature.invalid"]


def test_parameters_follow_the_standards() -> None:
    junk = tlv(0x04, b"junk")
    assert errors(replace(RSA, algorithm=sequence(oid(SHA256_RSA), junk)).der()) == [
        "signature.parameters"
    ]
    assert errors(algorithm=sequence(oid(SHA256_EC), NULL)) == ["signature.parameters"]
    assert errors(replace(RSA, algorithm=sequence(oid(SHA256_RSA))).der()) == []


def pss(digest: hashes.HashAlgorithm, parameters: bytes) -> bytes:
    info = RSA.info()
    scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
    signature = rsa_key().sign(info, scheme, digest)
    algorithm = sequence(oid("1.2.840.113549.1.1.10"), parameters)
    return sequence(info, algorithm, bits(signature))


def test_pss_is_taken_with_sha_256_and_refused_with_its_default_sha_1() -> None:
    sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"), NULL)
    mask = sequence(oid("1.2.840.113549.1.1.8"), sha256)
    named = sequence(tlv(0xA0, sha256), tlv(0xA1, mask), tlv(0xA2, integer(32)))
    assert errors(pss(hashes.SHA256(), named)) == []
    assert "signature.weak" in errors(pss(hashes.SHA1(), sequence()))
