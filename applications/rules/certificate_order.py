"""The order that the registration authority passes to the CA for one application."""

from datetime import datetime

from applications.models import Application
from applications.rules.certificate_names import names
from applications.rules.impartiality import traces
from applications.rules.sent import Sent
from issuance.certificate.order import CertificateOrder, Subject
from issuance.certificate.submission import PURPOSES


def certificate_order(
    application: Application, *, now: datetime, concerned: frozenset[str] | None = None
) -> CertificateOrder:
    """Return the order for the application's certificate.

    `concerned`: the application's `impartiality.traces`, if known already, as for many orders.

    The contents come from the last submission, and the names from the register's record of the
    unit in it. Changes that the applicant has not sent yet do not count.
    """
    assert application.csr is not None and application.submission is not None
    sent = Sent.of(application)
    found = names(sent, now=now)
    subject = Subject(
        organisation=found.organisation.value if found else "",
        unit=found.unit.value if found and found.unit and sent.type.carries_unit else None,
        locality=(found.locality or None) if found else None,
        common_name=sent.system_name,
        serial_number=sent.system_oid or None,
    )
    return CertificateOrder(
        reference=application.pk,
        label=application.number,
        profile_id=sent.type.value,
        organisation_id=application.organisation_id,
        subject=subject,
        csr_der=bytes(application.csr.der),
        csr_sha256=application.csr.sha256,
        submission=application.submission.content.encode(),
        submission_sha256=application.submission.sha256,
        register_record=str(found.record.pk if found else application.submission.record_id),
        validity_months=sent.validity_months,
        purpose=PURPOSES[sent.purpose],
        dns_names=sent.hosts,
        start=sent.start,
        concerned=traces(application) if concerned is None else concerned,
        emails=(sent.certified_email,) if sent.certified_email else (),
    )
