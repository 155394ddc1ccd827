"""The order that the registration authority passes to the CA for one application."""

from datetime import datetime

from applications.models import Application
from applications.rules.certificate_names import names
from applications.rules.impartiality import traces
from applications.rules.last_submission import Sent
from issuance.certificate.order import CertificateOrder, Subject
from issuance.certificate.submission import PURPOSES


def certificate_order(
    application: Application, *, now: datetime, concerned: frozenset[str] | None = None
) -> CertificateOrder:
    """Return the order for the application's certificate.

    `concerned`: the application's `impartiality.traces`, if the caller has read them already.

    The contents come from the last submission, and the names from the register's record of the
    unit in it. Changes that the applicant has not sent yet do not count.
    """
    assert application.csr is not None and application.submission is not None
    sent = Sent.of(application)
    order_names = names(sent, now=now)
    subject = Subject(
        organisation=order_names.organisation.value if order_names else "",
        unit=order_names.unit.value
        if order_names and order_names.unit and sent.type.carries_unit
        else None,
        locality=(order_names.locality or None) if order_names else None,
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
        register_record=str(
            order_names.record.pk if order_names else application.submission.record_id
        ),
        validity_months=sent.validity_months,
        purpose=PURPOSES[sent.purpose],
        dns_names=sent.hosts,
        start=sent.start,
        concerned=traces(application) if concerned is None else concerned,
        emails=(sent.certified_email,) if sent.certified_email else (),
    )
