"""Do the facts that a certificate rests on still hold? Asked before approval and before signing."""

from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from applications.checks import register
from applications.models import Application
from applications.ordering import certificate_order
from issuance.findings import Finding, Severity
from issuance.models import PreparedCertificate

OPEN = PreparedCertificate.State.PREPARED


def fault(application: Application, *, now: datetime) -> Finding | None:
    """Return what no longer holds: the unit's standing, or its names as they were prepared.

    Raises Unavailable when the mirror of the register is too old to say.
    """
    _record, ended = register.check(application, now=now)
    if ended:
        return ended[0]
    prepared = PreparedCertificate.objects.filter(reference=application.pk, state=OPEN).first()
    if prepared is not None and not _names_hold(application, prepared.specimen, now):
        return Finding("order.names_changed", Severity.WARNING, {})
    return None


def _names_hold(application: Application, specimen: x509.Certificate, now: datetime) -> bool:
    """Compare what the register and the order say today with the subject that was prepared."""
    subject = certificate_order(application, now=now).subject
    wanted = {
        NameOID.ORGANIZATION_NAME: subject.organisation,
        NameOID.ORGANIZATIONAL_UNIT_NAME: subject.unit,
        NameOID.LOCALITY_NAME: subject.locality,
    }
    return all(_value(specimen, oid) == (value or "") for oid, value in wanted.items())


def _value(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    return next((str(one.value) for one in certificate.subject.get_attributes_for_oid(oid)), "")
