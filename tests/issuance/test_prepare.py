import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, SignatureAlgorithmOID

from accounts.models import Organisation, Person
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import services
from issuance.certificate.order import CertificateOrder, Subject
from issuance.keys.policy import spki_sha256
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services.errors import AlreadySigning
from tests.issuance.conftest import approve_by
from tests.issuance.csr.builder import rsa_key, rsa_key_with, spki_of
from tests.issuance.orders import (
    HOSTS,
    lasting_key,
    server_order,
    signature_order,
    with_csr,
)

CAs = dict[str, IssuingCA]


def rules(prepared: PreparedCertificate) -> set[str]:
    return {finding.rule for finding in prepared.found if finding.severity == "error"}


def test_the_exact_bytes_are_stored(prepared: PreparedCertificate, order: CertificateOrder) -> None:
    assert prepared.state == "prepared"
    assert hashlib.sha256(prepared.tbs).hexdigest() == prepared.tbs_sha256
    assert prepared.specimen.tbs_certificate_bytes == bytes(prepared.tbs)
    assert (prepared.csr_sha256, prepared.submission_sha256, prepared.register_record) == (
        order.csr_sha256,
        order.submission_sha256,
        order.register_record,
    )
    assert rules(prepared) == set()


def test_a_server_certificate(prepared: PreparedCertificate, order: CertificateOrder) -> None:
    made = prepared.specimen
    assert made.subject.rfc4514_string() == (
        "CN=kanta.apteekki.example.fi,O=Helsingin VI apteekki,L=Helsinki,C=FI"
    )
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == list(HOSTS)
    usages = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    assert made.not_valid_before_utc == datetime(2026, 11, 25, 8, 30, 15, tzinfo=UTC)
    assert made.not_valid_after_utc == datetime(2027, 11, 24, 21, 59, 59, tzinfo=UTC)


def test_a_system_signature_certificate(cas: CAs, pharmacy: Organisation, now: datetime) -> None:
    made = services.prepare(signature_order(pharmacy), now=now).specimen
    assert [(a.oid, a.value) for a in made.subject] == [
        (NameOID.COUNTRY_NAME, "FI"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Finland"),
        (NameOID.LOCALITY_NAME, "Helsinki"),
        (NameOID.ORGANIZATION_NAME, "Helsingin VI apteekki"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Helsingin VI apteekki, Käpylän sivuapteekki"),
        (NameOID.SERIAL_NUMBER, "1.2.246.10.2048198.12.1"),
        (NameOID.COMMON_NAME, "Apteekkijärjestelmä"),
    ]
    present = {extension.oid for extension in made.extensions}
    assert x509.ExtensionOID.EXTENDED_KEY_USAGE not in present
    assert x509.ExtensionOID.SUBJECT_ALTERNATIVE_NAME not in present


@pytest.mark.parametrize(
    ("kind", "stem", "algorithm"),
    [
        ("RSA-2048", "sote-rsa-1", SignatureAlgorithmOID.RSA_WITH_SHA512),
        ("RSA-4096", "sote-rsa-1", SignatureAlgorithmOID.RSA_WITH_SHA512),
        ("P-256", "sote-ec-1", SignatureAlgorithmOID.ECDSA_WITH_SHA384),
        ("P-384", "sote-ec-1", SignatureAlgorithmOID.ECDSA_WITH_SHA384),
    ],
)
def test_the_kind_of_key_decides_the_branch(
    cas: CAs, pharmacy: Organisation, now: datetime, kind: str, stem: str, algorithm: object
) -> None:
    prepared = services.prepare(server_order(pharmacy, lasting_key(kind)), now=now)
    assert prepared.state == "prepared", prepared.findings
    assert prepared.issuing_ca == cas[stem]
    assert prepared.specimen.signature_algorithm_oid == algorithm


@pytest.mark.parametrize("profile", ["test_server", "test_system_signature"])
def test_test_certificates_stand_under_the_test_hierarchy(
    cas: CAs, pharmacy: Organisation, now: datetime, profile: str
) -> None:
    make = server_order if profile == "test_server" else signature_order
    prepared = services.prepare(make(pharmacy, profile_id=profile), now=now)
    assert prepared.environment == "test"
    assert prepared.issuing_ca == cas["sote-test-ec-1"]
    assert "TEST" in prepared.specimen.issuer.rfc4514_string()


def test_the_start_may_be_a_wished_day(cas: CAs, pharmacy: Organisation, now: datetime) -> None:
    order = server_order(pharmacy, start=date(2026, 12, 1))
    prepared = services.prepare(order, now=now)
    assert prepared.not_before == datetime(2026, 11, 30, 22, tzinfo=UTC)


def test_a_new_attempt_voids_the_one_before(
    prepared: PreparedCertificate, order: CertificateOrder, now: datetime
) -> None:
    second = services.prepare(order, now=now + timedelta(hours=1))
    prepared.refresh_from_db()
    assert (prepared.state, prepared.void_reason) == ("void", "prepared_anew")
    assert (second.state, second.attempt) == ("prepared", 2)
    assert second.serial != prepared.serial


def test_voiding_tells_why_and_who(prepared: PreparedCertificate, now: datetime) -> None:
    assert services.void(prepared.reference, "csr_replaced", actor=system("test"), now=now) == 1
    assert services.void(prepared.reference, "csr_replaced", actor=system("test"), now=now) == 0
    prepared.refresh_from_db()
    assert (prepared.state, prepared.void_reason) == ("void", "csr_replaced")
    event = Event.objects.get(action="issuance.voided")
    assert (event.actor, event.data["outcome"]) == ("system:test", "csr_replaced")


def test_nothing_is_prepared_or_voided_once_issued(
    certificate: Certificate, order: CertificateOrder, now: datetime
) -> None:
    with pytest.raises(AlreadySigning):
        services.prepare(order, now=now)
    with pytest.raises(AlreadySigning):
        services.void(order.reference, "csr_replaced", actor=system("test"), now=now)


def test_a_faulty_order_is_refused_and_kept_with_its_findings(
    cas: CAs, order: CertificateOrder, now: datetime
) -> None:
    subject = Subject(organisation="Apteekki Š")
    refused = services.prepare(replace(order, subject=subject), now=now)
    assert refused.state == "refused"
    assert rules(refused) == {"ca.characters"}
    assert refused.serial == ""
    assert Event.objects.get(action="issuance.prepared").refused


def test_the_csr_is_the_one_named(cas: CAs, order: CertificateOrder, now: datetime) -> None:
    refused = services.prepare(replace(order, csr_sha256="0" * 64), now=now)
    assert rules(refused) == {"ca.csr_hash"}


def test_the_ca_reads_the_csr_itself(cas: CAs, order: CertificateOrder, now: datetime) -> None:
    refused = services.prepare(with_csr(order, b"\x30\x03\x02\x01\x00"), now=now)
    assert refused.state == "refused"


def pem(der: bytes) -> bytes:
    return x509.load_der_x509_csr(der).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    "wrap",
    [
        pem,
        gzip.compress,
        lambda der: der + b"\n",
        lambda der: b"\xef\xbb\xbf" + der,
        lambda der: der[:-1],
        lambda der: b"\x30\x80" + der + b"\x00\x00",
        lambda der: b"",
    ],
)
def test_where_the_keys_are_no_file_is_opened(
    cas: CAs,
    order: CertificateOrder,
    now: datetime,
    wrap: Callable[[bytes], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each holds a good request, which the registration authority would find."""

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr("issuance.csr.examination.open_file", opened)
    refused = services.prepare(with_csr(order, wrap(order.csr_der)), now=now)
    assert (refused.state, rules(refused)) == ("refused", {"encoding.der"})


def test_a_key_certified_for_another_order_is_refused(
    certificate: Certificate, order: CertificateOrder, pharmacy: Organisation, now: datetime
) -> None:
    again = replace(server_order(pharmacy), csr_der=order.csr_der, csr_sha256=order.csr_sha256)
    refused = services.prepare(again, now=now)
    assert rules(refused) == {"key.in_use"}
    assert certificate.serial not in str(refused.findings)


def test_a_modulus_certified_with_the_usual_exponent_is_refused_with_another(
    cas: CAs, pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    """Whoever knows the private key for one exponent knows it for any other: it is one key."""
    usual = services.prepare(server_order(pharmacy, rsa_key()), now=now)
    approve_by(riitta, usual, now)
    assert services.issue(usual.reference, now=now)
    order = server_order(pharmacy, rsa_key_with(65539))
    assert rules(services.prepare(order, now=now)) == {"key.in_use"}


def test_a_blocked_key_is_refused(
    prepared: PreparedCertificate, order: CertificateOrder, now: datetime
) -> None:
    services.block_key(prepared.spki_sha256, "published", actor=system("test"), now=now)
    assert rules(services.prepare(order, now=now)) == {"key.blocked"}


def test_a_key_that_is_blocked_with_the_usual_exponent_is_refused(
    cas: CAs, pharmacy: Organisation, now: datetime
) -> None:
    usual = spki_sha256(spki_of(rsa_key()))
    services.block_key(usual, "published", actor=system("test"), now=now)
    order = server_order(pharmacy, rsa_key_with(65539))
    assert rules(services.prepare(order, now=now)) == {"key.blocked"}


def test_without_an_active_ca_nothing_is_prepared(
    cas: CAs, order: CertificateOrder, now: datetime
) -> None:
    IssuingCA.objects.filter(branch="ec").update(state=IssuingCA.State.RETIRED)
    assert rules(services.prepare(order, now=now)) == {"ca.none_active"}


def test_the_certificate_has_the_key_of_the_csr(
    prepared: PreparedCertificate, order: CertificateOrder
) -> None:
    key = x509.load_der_x509_csr(order.csr_der).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert prepared.spki_sha256 == hashlib.sha256(der).hexdigest()
    assert prepared.specimen.public_key() == key


def test_nothing_that_a_request_asks_for_comes_in(
    cas: CAs, pharmacy: Organisation, now: datetime
) -> None:
    key = lasting_key("P-256")
    plain = server_order(pharmacy, key)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOSTS[0])])
    others = [x509.DNSName("muu.example.fi")]
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), None)
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for asked in (
        x509.SubjectAlternativeName(others),
        x509.SubjectKeyIdentifier(b"x" * 20),
        x509.CertificatePolicies([policy]),
        x509.BasicConstraints(ca=False, path_length=None),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x04\x00"),
        x509.OCSPNoCheck(),
    ):
        builder = builder.add_extension(asked, critical=False)
    request = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    bare = services.prepare(plain, now=now)
    full = services.prepare(with_csr(plain, request), now=now)
    assert rules(bare) == rules(full) == set()
    assert list(full.specimen.extensions) == list(bare.specimen.extensions)
    assert full.specimen.subject == bare.specimen.subject
