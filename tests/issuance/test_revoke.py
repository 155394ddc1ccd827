from datetime import datetime, timedelta

import pytest
from cryptography import x509
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organisation, Person
from certportal.foundation.actors import system
from certportal.foundation.models import Event, OutboxItem
from issuance import services
from issuance.certificate.order import CertificateOrder
from issuance.keys.policy import spki_sha256
from issuance.models import BlockedKey, Certificate, IssuingCA
from issuance.services.errors import ReasonStands, UnknownReason
from issuance.services.status.revoke import COMPROMISE, REASONS
from tests.issuance.conftest import approve_by
from tests.issuance.csr.builder import rsa_key, rsa_key_with, spki_of
from tests.issuance.orders import server_order, with_csr

ACTOR = system("test")


def revoke(certificate: Certificate, reason: str, now: datetime) -> Certificate:
    return services.revoke(certificate.pk, reason, actor=ACTOR, now=now)


def announcements() -> int:
    return OutboxItem.objects.filter(topic="certificate.revoked").values("created_at").count()


@pytest.mark.parametrize("reason", REASONS)
def test_a_certificate_is_revoked_for_a_reason(
    certificate: Certificate, now: datetime, reason: str
) -> None:
    revoked = revoke(certificate, reason, now)
    assert (revoked.state, revoked.revocation_reason) == ("revoked", reason)
    assert revoked.revoked_at == now
    event = Event.objects.get(action="issuance.revoked")
    assert (event.actor, event.data["reason"]) == ("system:test", reason)
    item = OutboxItem.objects.filter(topic="certificate.revoked").first()
    assert item is not None
    assert item.payload == {
        "reference": str(certificate.reference),
        "certificate_id": certificate.pk,
    }


def test_again_for_the_same_reason_nothing_happens(certificate: Certificate, now: datetime) -> None:
    revoke(certificate, "superseded", now)
    before = announcements()
    revoked = revoke(certificate, "superseded", now + timedelta(days=1))
    assert revoked.revoked_at == now
    assert announcements() == before


def test_the_reason_may_be_raised_to_compromise(certificate: Certificate, now: datetime) -> None:
    revoke(certificate, "superseded", now)
    raised = revoke(certificate, COMPROMISE, now + timedelta(days=1))
    assert (raised.revocation_reason, raised.revoked_at) == (COMPROMISE, now)
    assert services.is_blocked(certificate.spki_sha256)


def test_and_to_nothing_else(certificate: Certificate, now: datetime) -> None:
    revoke(certificate, COMPROMISE, now)
    with pytest.raises(ReasonStands):
        revoke(certificate, "superseded", now)
    with pytest.raises(ReasonStands):
        revoke(certificate, "unspecified", now)


@pytest.mark.parametrize("reason", ["", "certificate_hold", "remove_from_crl", "keyCompromise"])
def test_unknown_reasons_are_refused(certificate: Certificate, now: datetime, reason: str) -> None:
    with pytest.raises(UnknownReason):
        revoke(certificate, reason, now)


def test_a_compromised_key_is_refused_ever_after(
    certificate: Certificate, order: CertificateOrder, pharmacy: Organisation, now: datetime
) -> None:
    revoke(certificate, COMPROMISE, now)
    again = with_csr(server_order(pharmacy), order.csr_der)
    refused = services.prepare(again, now=now)
    assert "key.blocked" in {finding.rule for finding in refused.found}
    assert BlockedKey.objects.get().reason == COMPROMISE


def test_a_compromised_key_is_refused_with_the_usual_exponent_too(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    prepared = services.prepare(server_order(pharmacy, rsa_key_with(65539)), now=now)
    approve_by(riitta, prepared, now)
    certificate = services.issue(prepared.reference, now=now)
    assert certificate is not None
    revoke(certificate, COMPROMISE, now)
    usual = spki_sha256(spki_of(rsa_key()))
    blocked = set(BlockedKey.objects.values_list("spki_sha256", flat=True))
    assert blocked == {certificate.spki_sha256, usual}


def test_other_reasons_block_no_key(certificate: Certificate, now: datetime) -> None:
    revoke(certificate, "cessation_of_operation", now)
    assert not BlockedKey.objects.exists()


def test_the_invalidity_date_is_kept(certificate: Certificate, now: datetime) -> None:
    since = now - timedelta(days=3)
    revoked = services.revoke(
        certificate.pk, COMPROMISE, actor=ACTOR, invalidity_date=since, now=now
    )
    assert revoked.invalidity_date == since
    assert x509.InvalidityDate(since).public_bytes() in bytes(revoked.crl_entry)


def test_the_key_is_locked_before_its_certificate(certificate: Certificate, now: datetime) -> None:
    """As for a report of the key itself; in another order the two would wait for each other."""
    with CaptureQueriesContext(connection) as queries:
        revoke(certificate, COMPROMISE, now)
    asked = [each["sql"] for each in queries]
    (key,) = [n for n, sql in enumerate(asked) if "pg_advisory_xact_lock" in sql]
    (row,) = [n for n, sql in enumerate(asked) if "FOR UPDATE" in sql]
    assert key < row
