"""Proof of possession and the algorithms of signatures."""

from dataclasses import replace
from unittest.mock import Mock

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from hypothesis import given, settings, strategies as st

from issuance.csr import examine
from issuance.der.write import integer, sequence, tlv
from tests.issuance.csr.builder import (
    GOOD,
    SHA256_EC,
    SHA256_RSA,
    ec_key,
    errors,
    oid,
    request,
    rsa_key,
    rsa_key_with,
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


@pytest.mark.parametrize("bits", [17, 33, 63, 65, 200])
def test_possession_is_proven_whatever_the_exponent(bits: int) -> None:
    key = rsa_key_with(1 << (bits - 1))
    assert errors(key=key) == []
    stolen = request(key=rsa_key(3072), spki=spki_of(key))
    assert errors(stolen) == ["signature.invalid"]


def test_what_no_library_can_use_proves_nothing(monkeypatch) -> None:
    monkeypatch.setattr("issuance.keys.policy.load_der_public_key", Mock(side_effect=ValueError))
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


HASHES = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
    "2.16.840.1.101.3.4.2.4": hashes.SHA224(),
    "1.3.14.3.2.26": hashes.SHA1(),
}
TAKEN = list(HASHES)[:3]
MGF1 = "1.2.840.113549.1.1.8"


def stated(digest: str, mask: bytes | None, salt: int | None, *more: bytes) -> bytes:
    """RSASSA-PSS-params; what is None is left out and has its default."""
    fields = [tlv(0xA0, sequence(oid(digest), NULL))]
    fields += [tlv(0xA1, mask)] if mask is not None else []
    fields += [tlv(0xA2, integer(salt))] if salt is not None else []
    return sequence(*fields, *more)


def mgf1(digest: str) -> bytes:
    return sequence(oid(MGF1), sequence(oid(digest), NULL))


def signed_pss(digest: str, mask: str, salt: int, parameters: bytes) -> bytes:
    info = RSA.info()
    scheme = padding.PSS(padding.MGF1(HASHES[mask]), salt)
    signature = rsa_key().sign(info, scheme, HASHES[digest])
    return sequence(info, sequence(oid("1.2.840.113549.1.1.10"), parameters), bits(signature))


PSS_MANY = settings(max_examples=40)


@PSS_MANY
@given(st.sampled_from(TAKEN), st.sampled_from(TAKEN), st.integers(0, 190))
def test_pss_is_taken_with_exactly_what_it_states(digest: str, mask: str, salt: int) -> None:
    assert errors(signed_pss(digest, mask, salt, stated(digest, mgf1(mask), salt))) == []


@PSS_MANY
@given(
    st.sampled_from(TAKEN),
    st.sampled_from(TAKEN),
    st.lists(st.integers(0, 190), min_size=2, max_size=2, unique=True),
)
def test_a_salt_of_another_length_than_stated_is_told(
    digest: str, mask: str, salts: list[int]
) -> None:
    report = examine(signed_pss(digest, mask, salts[0], stated(digest, mgf1(mask), salts[1])))
    [finding] = report.errors
    assert (finding.rule, finding.params["value"]) == ("signature.pss_salt", salts[1])
    assert report.reasons == ["bad-signature"]


def test_a_salt_left_out_has_twenty_octets() -> None:
    digest = TAKEN[0]
    assert errors(signed_pss(digest, digest, 20, stated(digest, mgf1(digest), None))) == []
    wrong = signed_pss(digest, digest, 32, stated(digest, mgf1(digest), None))
    assert errors(wrong) == ["signature.pss_salt"]


@PSS_MANY
@given(st.sampled_from(TAKEN), st.sampled_from(TAKEN), st.sampled_from(TAKEN))
def test_a_mask_of_another_hash_than_stated_is_a_bad_signature(
    digest: str, mask: str, named: str
) -> None:
    wanted = [] if mask == named else ["signature.invalid"]
    assert errors(signed_pss(digest, mask, 32, stated(digest, mgf1(named), 32))) == wanted


@pytest.mark.parametrize("mask", list(HASHES)[3:])
@pytest.mark.parametrize("digest", TAKEN)
def test_a_valid_signature_with_a_weak_mask_is_told_as_that(digest: str, mask: str) -> None:
    report = examine(signed_pss(digest, mask, 32, stated(digest, mgf1(mask), 32)))
    assert [finding.rule for finding in report.errors] == ["signature.pss_mask"]
    assert report.reasons == ["weak-signature"]
    other = signed_pss(digest, TAKEN[0], 32, stated(digest, mgf1(mask), 32))
    assert errors(other) == ["signature.pss_mask", "signature.invalid"]


def test_a_mask_left_out_is_made_with_sha_1() -> None:
    digest, sha1 = TAKEN[0], "1.3.14.3.2.26"
    assert errors(signed_pss(digest, sha1, 32, stated(digest, None, 32))) == ["signature.pss_mask"]


def test_a_mask_function_that_is_not_known_is_named() -> None:
    shake = sequence(oid("2.16.840.1.101.3.4.2.12"))
    [finding] = examine(signed_pss(TAKEN[0], TAKEN[0], 32, stated(TAKEN[0], shake, 32))).errors
    assert finding.rule == "signature.pss_mask"
    assert finding.params["value"] == "2.16.840.1.101.3.4.2.12"


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        NULL,
        sequence(NULL),
        sequence(tlv(0xA0, sequence(oid(TAKEN[0]), NULL)), tlv(0xA2, tlv(0x02, b"\xff"))),
        stated(TAKEN[0], mgf1(TAKEN[0]), 10**9),
        stated(TAKEN[0], mgf1(TAKEN[0]), 32, tlv(0xA3, integer(2))),
        stated(TAKEN[0], mgf1(TAKEN[0]), 32, tlv(0xA2, integer(32))),
        stated(TAKEN[0], sequence(), 32),
        stated(TAKEN[0], sequence(oid(MGF1)), 32),
        sequence(tlv(0xA2, integer(32)), tlv(0xA0, sequence(oid(TAKEN[0]), NULL))),
    ],
)
def test_parameters_of_pss_follow_the_standard(parameters: bytes) -> None:
    found = errors(signed_pss(TAKEN[0], TAKEN[0], 32, parameters))
    assert found in (["signature.parameters"], ["signature.weak"])
    assert found == (["signature.weak"] if parameters == b"" else ["signature.parameters"])
