"""What the registration authority hands to the certificate authority for one application."""

from datetime import datetime

from applications.kinds import CertificateType, Purpose
from applications.models import Application
from applications.naming import names
from issuance.orders import CertificateOrder, Subject
from issuance.profiles import Purpose as ProfilePurpose


def certificate_order(application: Application, *, now: datetime) -> CertificateOrder:
    """Return the order for the application's certificate; subject from register and order only."""
    assert application.csr is not None and application.submission is not None
    found = names(application, now=now)
    type = CertificateType(application.type)
    subject = Subject(
        organisation=found.organisation.value if found else "",
        unit=found.unit.value if found and found.unit and not type.is_server else None,
        locality=(found.locality or None) if found else None,
        common_name=application.system_name if type.is_signature else "",
        serial_number=application.system_oid if type.is_signature else None,
    )
    return CertificateOrder(
        reference=application.pk,
        profile_id=type.value,
        organisation_id=application.organisation_id,
        subject=subject,
        csr_der=bytes(application.csr.der),
        csr_sha256=application.csr.sha256,
        submission_sha256=application.submission.sha256,
        register_record=str(found.record.pk if found else application.submission.record_id),
        validity_months=application.validity_months or 0,
        purpose=PURPOSES[application.purpose],
        dns_names=tuple(host.name for host in application.host_names.all()),
        start=application.start,
        emails=_mailbox(application) if type.is_email else (),
    )


def _mailbox(application: Application) -> tuple[str, ...]:
    """The address, only once it is proven."""
    return (application.certified_email,) if application.mailbox_proved_at else ()


PURPOSES: dict[str, frozenset[ProfilePurpose]] = {
    "": frozenset(),
    Purpose.BOTH: frozenset({"server", "client"}),
    Purpose.SERVER: frozenset({"server"}),
    Purpose.CLIENT: frozenset({"client"}),
}
