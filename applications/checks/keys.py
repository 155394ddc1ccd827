"""Check that the public key is used for nothing else.

The CA knows the keys of issued certificates; the registration authority knows those of pending
applications.
"""

from cryptography.x509.oid import NameOID
from django.db.models import Q, QuerySet

from applications import workflow
from applications.models import Application
from certportal.foundation import clock
from issuance.findings import Finding, Severity
from issuance.models import Certificate
from issuance.services.blocked_keys import KeyOf, findings_of_keys


def check(application: Application) -> list[Finding]:
    """Return an error if the key of the application's certificate request has another use."""
    assert application.csr is not None
    return used_before(application, application.csr.spki_sha256)


def used_before(application: Application, spki_sha256: str) -> list[Finding]:
    """Return an error if the key (SHA-256 of its SPKI, hex) has a use besides this application.

    The error names the certificate or order if it is the organisation's own. Otherwise it says
    only that the key is in use, not by whom, nor whether a certificate has been issued.
    """
    if certificate := _own_certificate(application, spki_sha256):
        return [_of_certificate(certificate)]
    pending = _pending(application, spki_sha256)
    if own := pending.filter(organisation=application.organisation_id).first():
        return [Finding("key.own_order", Severity.ERROR, {"order": own.number})]
    (findings,) = findings_of_keys([KeyOf(spki_sha256, application.pk)])
    if pending.exists() and not any(finding.rule == "key.in_use" for finding in findings):
        findings.append(Finding("key.in_use", Severity.ERROR, {}))
    return findings


def _own_certificate(application: Application, spki_sha256: str) -> Certificate | None:
    """Return the organisation's newest certificate with the key, or None.

    Both those issued to the organisation and those of its orders count: orders pass to the
    organisation's successor, while a certificate always names the organisation it was issued to.
    """
    orders = Application.objects.filter(organisation=application.organisation_id)
    own = Q(organisation=application.organisation_id) | Q(reference__in=orders.values("pk"))
    certificates = Certificate.objects.filter(own, spki_sha256=spki_sha256)
    return certificates.exclude(reference=application.pk).order_by("-issued_at").first()


def _of_certificate(certificate: Certificate) -> Finding:
    names = certificate.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    params: dict[str, str | int | list[str]] = {
        "name": str(names[0].value) if names else certificate.serial,
        "serial": certificate.serial,
        "day": clock.day(certificate.issued_at).isoformat(),
    }
    return Finding("key.own_certificate", Severity.ERROR, params)


def _pending(application: Application, spki_sha256: str) -> QuerySet[Application]:
    """Return the other applications with this key that have been sent and have not ended."""
    return (
        Application.objects.filter(csr__spki_sha256=spki_sha256)
        .exclude(pk=application.pk)
        .exclude(status__in=workflow.ENDED)
        .exclude(status=workflow.Status.DRAFT)
    )
