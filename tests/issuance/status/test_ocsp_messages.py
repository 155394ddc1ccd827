"""Requests and responses, read and made by a library that had no part in ours."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as library
from hypothesis import given, settings, strategies as st

from certportal.dev.builders.hierarchy import Place, issuing
from issuance.authority import ocsp
from issuance.authority.ocsp import Single, Standing, Status
from issuance.certificate.plan import new_serial
from issuance.der import read as read_der, write
from issuance.signers import Signer
from tests.issuance.status.requests import ALGORITHMS, one, request, wrapped

NOW = datetime(2026, 11, 25, 8, 30, 15, tzinfo=UTC)
LATER = NOW + timedelta(hours=48)
BRANCHES = ("ec", "rsa")


def ca_of(branch: str) -> Signer:
    return issuing(Place.at("production", branch))


def identified(after: bytes = b"", serial: int = 1) -> bytes:
    """A request about a certificate whose algorithm has these parameters."""
    oid = write.object_identifier(x509.ObjectIdentifier("1.3.14.3.2.26"))
    octets = (write.tlv(read_der.OCTET_STRING, b"h" * 20),) * 2
    return write.sequence(
        write.sequence(write.sequence(oid, after), *octets, write.integer(serial))
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("branch", BRANCHES)
def test_a_request_is_read_and_its_issuer_recognised(branch: str, algorithm: str) -> None:
    issuer, serial = ca_of(branch).chain[0], new_serial()
    (asked,) = ocsp.read_request(request(issuer, serial, algorithm, nonce=b"n" * 32))
    assert (asked.serial, asked.algorithm) == (serial, algorithm)
    assert asked.encoded == ocsp.Names(issuer).cert_id(algorithm, serial)
    assert ocsp.Names(issuer).are_meant_by(asked)
    assert not ocsp.Names(ca_of(branch).chain[1]).are_meant_by(asked)


def test_a_request_made_from_the_certificates_names_the_same() -> None:
    """The library hashes the issuer by itself here."""
    issuer, root = ca_of("ec").chain
    built = library.OCSPRequestBuilder().add_certificate(issuer, root, hashes.SHA256()).build()
    (asked,) = ocsp.read_request(built.public_bytes(Encoding.DER))
    assert ocsp.Names(root).are_meant_by(asked)
    assert asked.serial == issuer.serial_number


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"\x30\x00",
        b"\x30\x80\x00\x00",
        b"\x30" * 10_000,
        write.sequence(write.sequence()),
        write.sequence(write.sequence(write.tlv(0xA0, write.integer(1)), write.sequence())),
        wrapped(),
        wrapped(write.sequence()),
        wrapped(write.sequence(write.sequence(write.integer(1)))),
        wrapped(write.integer(1)),
        wrapped(identified(after=b"\x04\x01a")),
        wrapped(identified(serial=2**200)),
    ],
)
def test_what_is_no_request_is_told_so(data: bytes) -> None:
    with pytest.raises(ocsp.BadRequest):
        ocsp.read_request(data)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_request_does_no_harm(data: st.DataObject) -> None:
    whole = bytearray(request(ca_of("ec").chain[0], new_serial(), nonce=b"n" * 32))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ocsp.BadRequest, ocsp.NotUnderstood):
        asked = ocsp.read_request(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
        assert 1 <= len(asked) <= ocsp.MOST_ASKED


def test_an_algorithm_needs_no_parameters() -> None:
    for parameters in (b"", b"\x05\x00"):
        (asked,) = ocsp.read_request(wrapped(identified(parameters)))
        assert asked.algorithm == "sha1"


def test_a_request_may_ask_about_several_certificates_but_not_about_many() -> None:
    issuer = ca_of("ec").chain[0]
    several = [one(issuer, serial) for serial in range(1, ocsp.MOST_ASKED + 1)]
    assert [each.serial for each in ocsp.read_request(wrapped(*several))] == list(range(1, 9))
    with pytest.raises(ocsp.BadRequest):
        ocsp.read_request(wrapped(*several, one(issuer, 9)))


@pytest.mark.parametrize(("critical", "passes"), [(b"", True), (b"\x01\x01\xff", False)])
def test_an_extension_is_passed_over_unless_it_is_critical(critical: bytes, passes: bool) -> None:
    oid = write.object_identifier(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"))
    extension = write.sequence(oid, critical, write.tlv(read_der.OCTET_STRING, b""))
    data = wrapped(
        one(ca_of("ec").chain[0], 1), extensions=write.tlv(0xA2, write.sequence(extension))
    )
    if passes:
        assert len(ocsp.read_request(data)) == 1
    else:
        with pytest.raises(ocsp.NotUnderstood):
            ocsp.read_request(data)


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize(
    ("status", "standing", "reason"),
    [
        (Status(Standing.GOOD), "GOOD", None),
        (Status(Standing.UNKNOWN), "UNKNOWN", None),
        (Status(Standing.REVOKED, NOW, x509.ReasonFlags.unspecified), "REVOKED", None),
        (
            Status(Standing.REVOKED, NOW, x509.ReasonFlags.key_compromise),
            "REVOKED",
            x509.ReasonFlags.key_compromise,
        ),
    ],
)
def test_a_library_reads_what_was_said(
    branch: str, status: Status, standing: str, reason: x509.ReasonFlags | None
) -> None:
    signer, serial = ca_of(branch), new_serial()
    said = Single(ocsp.Names(signer.chain[0]).cert_id("sha1", serial), status, NOW, LATER)
    read = library.load_der_ocsp_response(ocsp.respond([said], signer, now=NOW))
    assert read.response_status == library.OCSPResponseStatus.SUCCESSFUL
    assert (read.certificate_status.name, read.revocation_reason) == (standing, reason)
    assert (read.serial_number, read.produced_at_utc) == (serial, NOW)
    assert (read.this_update_utc, read.next_update_utc) == (NOW, LATER)
    assert read.revocation_time_utc == (NOW if standing == "REVOKED" else None)
    assert read.certificates == [signer.chain[0]]
    own = signer.chain[0].extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert read.responder_key_hash == own.digest


def test_an_answer_about_several_names_each() -> None:
    signer = ca_of("ec")
    names = ocsp.Names(signer.chain[0])
    said = [
        Single(names.cert_id("sha1", serial), Status(Standing.GOOD), NOW, LATER)
        for serial in (7, 8)
    ]
    read = library.load_der_ocsp_response(ocsp.respond(said, signer, now=NOW))
    assert [(each.serial_number, each.next_update_utc) for each in read.responses] == [
        (7, LATER),
        (8, LATER),
    ]


@pytest.mark.parametrize("status", list(library.OCSPResponseStatus)[1:])
def test_a_refusal_says_its_kind_and_is_not_signed(status: library.OCSPResponseStatus) -> None:
    data = ocsp.refuse(status)
    assert library.load_der_ocsp_response(data).response_status == status
    assert len(data) == 5
