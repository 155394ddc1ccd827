"""What the database itself refuses, whatever the code above it does."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import Error, IntegrityError, transaction

from certportal.foundation.actors import system
from issuance import services
from issuance.models import Approval, Certificate, IssuingCA, PreparedCertificate


def refused(change: Any) -> bool:
    try:
        with transaction.atomic():
            change()
    except Error:
        return True
    return False


@pytest.mark.parametrize(
    "changes",
    [
        {"der": b"\x30\x00"},
        {"serial": "01" * 15},
        {"profile_id": "system_signature"},
        {"not_after": datetime(2030, 1, 1).astimezone()},
        {"spki_sha256": "0" * 64},
        {"environment": "test"},
    ],
)
def test_an_issued_certificate_never_changes(
    certificate: Certificate, changes: dict[str, Any]
) -> None:
    assert refused(lambda: Certificate.objects.update(**changes))


def test_certificates_attempts_and_approvals_are_never_deleted(certificate: Certificate) -> None:
    assert refused(lambda: Certificate.objects.all()._raw_delete("default"))
    assert refused(lambda: Approval.objects.all()._raw_delete("default"))
    assert refused(lambda: PreparedCertificate.objects.all()._raw_delete("default"))


def test_revocation_is_for_good(certificate: Certificate, now: datetime) -> None:
    services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
    row = Certificate.objects.filter(pk=certificate.pk)
    assert refused(
        lambda: row.update(state="issued", revoked_at=None, revocation_reason="", crl_entry=b"")
    )
    assert refused(lambda: row.update(revoked_at=now + timedelta(days=1)))
    assert refused(lambda: row.update(revocation_reason="unspecified"))


@pytest.mark.parametrize(
    "changes",
    [
        {"tbs": b"\x30\x00"},
        {"replaces": UUID(int=7)},
        {"tbs_sha256": "0" * 64},
        {"csr_sha256": "0" * 64},
        {"csr_der": b""},
        {"findings": [{}]},
        {"submission_sha256": "0" * 64},
        {"state": "issued"},
        {"state": "refused"},
    ],
)
def test_a_prepared_certificate_never_changes(
    prepared: PreparedCertificate, changes: dict[str, Any]
) -> None:
    assert refused(lambda: PreparedCertificate.objects.update(**changes))


def test_a_void_attempt_stays_void(prepared: PreparedCertificate, now: datetime) -> None:
    services.void(prepared.reference, "csr_replaced", actor=system("test"), now=now)
    assert refused(lambda: PreparedCertificate.objects.update(state="prepared", void_reason=""))


def test_an_approval_is_not_moved_to_other_bytes(approved: PreparedCertificate) -> None:
    assert refused(lambda: Approval.objects.update(role="applicant"))


def copy_of(row: Any, **changes: Any) -> Any:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, "id": None, **changes})


def test_one_reference_has_one_certificate(certificate: Certificate) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(certificate, serial="01" * 15, sha256="0" * 64).save()


def test_one_reference_has_one_attempt_signing_or_issued(certificate: Certificate) -> None:
    attempt = certificate.prepared
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(attempt, attempt=2, state="signing", serial="01" * 15).save()


def test_a_serial_is_used_once(prepared: PreparedCertificate) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(prepared, attempt=2, state="void", void_reason="x").save()


def test_a_test_profile_never_stands_in_production(prepared: PreparedCertificate) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(prepared, attempt=2, serial="01" * 15, profile_id="test_server").save()


def test_one_active_ca_for_each_environment_and_branch(cas: dict[str, IssuingCA]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(cas["sote-ec-1"], stem="other", generation=2).save()
