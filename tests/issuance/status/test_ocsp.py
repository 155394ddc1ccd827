"""What the responder says of each certificate, as a library reads it."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as library

from certportal.foundation.actors import system
from issuance import journal, services
from issuance.certificate.plan import new_serial, serial_hex
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from issuance.services.errors import NotReconciled
from issuance.services.recovery.reconcile import Kind, compare
from issuance.services.status import publish_ocsp
from issuance.services.status.publish_ocsp import publish_response_with
from tests.issuance.status.asking import STEM, ask, number, said, status_of
from tests.issuance.status.conftest import Issue
from tests.issuance.status.lists import forget_revocation
from tests.issuance.status.requests import one, request, wrapped

pytestmark = pytest.mark.usefixtures("moment", "nobody_signs")
TEST = system("test")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("algorithm", publish_ocsp.SIGNED_AHEAD)
def test_an_issued_certificate_is_good(
    certificate: Certificate, now: datetime, algorithm: str
) -> None:
    publish_response_with(certificate.pk, now=now)
    told = status_of(certificate, algorithm)
    assert told.certificate_status == library.OCSPCertStatus.GOOD
    assert (told.serial_number, told.hash_algorithm.name) == (number(certificate), algorithm)
    assert (told.produced_at_utc, told.next_update_utc) == (now, now + 48 * HOUR)
    assert told.this_update_utc == now - timedelta(minutes=5)


def test_a_revoked_one_is_revoked_at_once_with_its_reason(
    certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    publish_response_with(certificate.pk, now=now)
    told = status_of(certificate)
    assert told.certificate_status == library.OCSPCertStatus.REVOKED
    assert told.revocation_reason == x509.ReasonFlags.superseded
    assert told.revocation_time_utc == told.this_update_utc == now


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_a_number_never_issued_is_unknown_and_for_minutes_only(
    ca: IssuingCA, now: datetime, algorithm: str
) -> None:
    serial = new_serial()
    asked = request(ca.certificate, serial, algorithm)
    told = library.load_der_ocsp_response(services.answer(STEM, asked, now=now))
    assert told.certificate_status == library.OCSPCertStatus.UNKNOWN
    assert (told.serial_number, told.hash_algorithm.name) == (serial, algorithm)
    assert told.next_update_utc == now + timedelta(minutes=5)


def test_on_demand_every_certificate_of_a_request_is_told_of(
    issue: Issue, ca: IssuingCA, now: datetime
) -> None:
    good, revoked = issue(), issue()
    services.revoke(revoked.pk, "key_compromise", actor=TEST, now=now)
    numbers = [number(good), number(revoked), 7]
    asked = wrapped(*(one(ca.certificate, serial) for serial in numbers))
    told = library.load_der_ocsp_response(services.answer(STEM, asked, now=now))
    assert [(each.serial_number, each.certificate_status.name) for each in told.responses] == [
        (number(good), "GOOD"),
        (number(revoked), "REVOKED"),
        (7, "UNKNOWN"),
    ]


def test_another_cas_certificate_is_none_of_its_business(
    certificate: Certificate, cas: dict[str, IssuingCA], now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    asked = request(cas["sote-rsa-1"].certificate, number(certificate))
    told = said(ask(asked))
    assert told.response_status == library.OCSPResponseStatus.UNAUTHORIZED
    der = services.answer(STEM, asked, now=now)
    status = library.load_der_ocsp_response(der).response_status
    assert status == library.OCSPResponseStatus.UNAUTHORIZED


def test_a_database_that_has_forgotten_a_revocation_does_not_undo_it(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    services.publish_crl(ca, now=now)
    forget_revocation(certificate)
    publish_response_with(certificate.pk, now=now)
    told = status_of(certificate)
    assert told.certificate_status == library.OCSPCertStatus.REVOKED
    assert told.revocation_reason == x509.ReasonFlags.superseded
    assert told.revocation_time_utc == now
    der = services.answer(STEM, request(ca.certificate, number(certificate)), now=now)
    told = library.load_der_ocsp_response(der)
    assert told.certificate_status == library.OCSPCertStatus.REVOKED


def test_what_only_the_journal_knows_is_not_called_unknown(ca: IssuingCA, now: datetime) -> None:
    serial = new_serial()
    lost = journal.Entry("x" * 36, 1, serial_hex(serial), b"der", {})
    journal.ensure_room(STEM)
    journal.append(STEM, [lost])
    with pytest.raises(NotReconciled):
        services.answer(STEM, request(ca.certificate, serial), now=now)


def test_a_list_that_was_lost_still_revokes_by_the_last_one_kept(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    services.publish_crl(ca, now=now)
    forget_revocation(certificate)
    repository.crl_path(STEM).unlink()
    publish_response_with(certificate.pk, now=now)
    assert status_of(certificate).certificate_status == library.OCSPCertStatus.REVOKED
    assert [each.kind for each in compare(ca)] == [Kind.NOT_REVOKED]
