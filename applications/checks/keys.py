"""Check that the public key is used for nothing else.

The CA knows the keys of issued certificates; the registration authority knows those of pending
applications.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Case, Q, When

from applications import workflow
from applications.models import Application, Csr
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, compiled_for, first
from certportal.foundation.database.prepared_statements import Among
from issuance.certificate.names import subject_values
from issuance.csr.request import spki_in
from issuance.findings import Finding, error
from issuance.keys.policy import hashes_of, read_key
from issuance.models import Certificate
from issuance.services.blocked_keys import KeyOf, findings_of_keys


def check(application: Application) -> list[Finding]:
    """Return an error if the key of the application's certificate request has another use."""
    assert application.csr is not None
    return used_before(application, known_by(application.csr))


def known_by(csr: Csr) -> list[str]:
    """Return the hashes by which the request's key may be blocked or in use (`hashes_of`)."""
    _, *usual = hashes_of(read_key(spki_in(bytes(csr.der))))
    return [csr.spki_sha256, *usual]


def used_before(application: Application, hashes: Sequence[str]) -> list[Finding]:
    """Return an error if the key (all its `hashes_of`) has a use besides this application.

    The error names the certificate or order if it is the organisation's own. Otherwise it says
    only that the key is in use, not by whom, nor whether a certificate has been issued.
    """
    every, organisation = list(hashes), application.organisation_id
    if certificate := first(_own_certificate(every, organisation, application.pk).alone()):
        name = subject_values(certificate.certificate).get("CN", certificate.serial)
        day = clock.day(certificate.issued_at).isoformat()
        return [error("key.own_certificate", name=name, serial=certificate.serial, day=day)]
    pending = first(_pending(every, organisation, application.pk).alone())
    if pending and pending.organisation_id == organisation:
        return [error("key.own_order", order=pending.number)]
    (findings,) = findings_of_keys([KeyOf(every[0], application.pk, hashes=every)])
    if pending and not any(finding.rule == "key.in_use" for finding in findings):
        findings.append(error("key.in_use"))
    return findings


@compiled_for(["a key"], UUID(int=1), UUID(int=2))
def _own_certificate(hashes: list[str], organisation_id: UUID, but: UUID) -> Rows:
    """Return the query for the organisation's newest certificate with the key.

    Both those issued to the organisation and those of its orders count: orders pass to the
    organisation's successor, while a certificate always names the organisation it was issued to.
    """
    orders = Application.objects.filter(organisation=organisation_id)
    own = Q(organisation=organisation_id) | Q(reference__in=orders.values("pk"))
    certificates = Certificate.objects.filter(own, Among("spki_sha256", "text", hashes))
    return Rows(certificates.exclude(reference=but).order_by("-issued_at")[:1])


@compiled_for(["a key"], UUID(int=1), UUID(int=2))
def _pending(hashes: list[str], organisation_id: UUID, but: UUID) -> Rows:
    """Return the query for another order with this key that was sent and has not ended.

    One of the organisation comes first.
    """
    pending = Application.objects.filter(Among("csr__spki_sha256", "text", hashes)).exclude(
        Q(pk=but) | Q(status__in=[*workflow.ENDED, workflow.Status.DRAFT])
    )
    own = Case(When(organisation=organisation_id, then=0), default=1)
    return Rows(pending.order_by(own, "pk")[:1])
