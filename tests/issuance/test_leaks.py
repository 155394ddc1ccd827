"""A private key that was let out: blocked at once, and its live certificates revoked."""

from datetime import datetime, timedelta

from certportal.foundation.actors import Actor
from certportal.foundation.models import OutboxItem
from issuance import services
from issuance.models import BlockedKey, Certificate

VISITOR = Actor("visitor", address="192.0.2.7")


def test_a_live_certificate_is_revoked_for_compromise(
    certificate: Certificate, now: datetime
) -> None:
    (revoked,) = services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=now)
    assert revoked.pk == certificate.pk
    assert (revoked.state, revoked.revocation_reason) == ("revoked", "key_compromise")
    assert OutboxItem.objects.filter(topic="certificate.revoked").exists()


def test_the_key_is_blocked_as_uploaded(certificate: Certificate, now: datetime) -> None:
    services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=now)
    assert BlockedKey.objects.get().reason == "private_key_uploaded"


def test_again_nothing_happens(certificate: Certificate, now: datetime) -> None:
    services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=now)
    assert services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=now) == []


def test_a_certificate_that_is_over_is_left_alone(certificate: Certificate, now: datetime) -> None:
    later = certificate.not_after + timedelta(seconds=1)
    assert services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=later) == []
    certificate.refresh_from_db()
    assert certificate.state == "issued"


def test_a_key_of_nobody_is_only_blocked(cas: object, now: datetime) -> None:
    assert services.report_leaked_key("ab" * 32, actor=VISITOR, now=now) == []
    assert services.is_blocked("ab" * 32)
