"""OCSP responder keys: made in the memory of a `ca` worker, certified for days, never stored.

For the reasons see docs/decisions/ocsp.md.
"""

import hashlib
import os
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.database.combined_queries import Values, compiled_for
from certportal.foundation.errors import Unavailable
from issuance import journal
from issuance.authority.responder_certificate import ResponderPlan, make_responder_key, specimen
from issuance.authority.sign import SignatureMismatch, sign_certificate
from issuance.certificate.lint_pkix import pkix_findings
from issuance.certificate.plan import new_serial, serial_hex
from issuance.event_names import IssuanceEvent
from issuance.findings import Severity
from issuance.models import IssuingCA, OcspResponder
from issuance.services import lease
from issuance.services.signer import LoadSigner, signer_for
from issuance.services.status.publish_crl import BACKDATE
from issuance.signers import Signer, SignerUnavailable

log = structlog.get_logger(__name__)

LIFE = timedelta(days=14)
RENEWED_BEFORE = timedelta(days=7)

_RESPONDERS: dict[tuple[int, bytes], Signer] = {}


class NoResponder(SignerUnavailable):
    """The issuing CA's certificate has expired, so it cannot certify a responder."""


def responder_for(ca: IssuingCA, *, now: datetime, load_signer: LoadSigner = signer_for) -> Signer:
    """This process's responder for the CA; a new one is certified if it is missing or old.

    An old responder is used until it expires if no new one can be certified. The chain begins
    with the responder's certificate. Raises SignerUnavailable, JournalUnavailable, SignerElsewhere.
    """
    name = (os.getpid(), bytes(ca.certificate_der))
    known = _RESPONDERS.get(name)
    if known is not None and _is_good(known, ca, now, lasting=RENEWED_BEFORE):
        return known
    try:
        _RESPONDERS[name] = _make(ca, now, load_signer(ca))
    except Unavailable as error:
        if known is None or not _is_good(known, ca, now):
            raise
        log.warning("ocsp_responder_not_renewed", ca=ca.stem, error=type(error).__name__)
    return _RESPONDERS[name]


def _is_good(
    responder: Signer, ca: IssuingCA, now: datetime, *, lasting: timedelta = timedelta()
) -> bool:
    """Whether the responder is valid for ``lasting`` and still in the database.

    It is missing there after an older backup was restored.
    """
    own = responder.chain[0]
    least = min(now + lasting, ca.certificate.not_valid_after_utc)
    return (
        own.not_valid_before_utc <= now < own.not_valid_after_utc
        and least <= own.not_valid_after_utc
        and bool(_known(ca.pk, serial_hex(own.serial_number)).alone())
    )


@compiled_for(-1, "a serial number")
def _known(ca: int, serial: str) -> Values:
    """Return the query for the CA's responder with the serial number, if the database has it."""
    return Values(OcspResponder.objects.filter(issuing_ca=ca, serial=serial).values_list("pk"))


def journal_of(ca: IssuingCA) -> str:
    """The name of the journal that holds the certificates of the CA's responders."""
    return f"{ca.stem}-ocsp"


def _make(ca: IssuingCA, now: datetime, issuing: Signer) -> Signer:
    """Make a responder: lint, sign, journal and store, in this order, as for every certificate."""
    begun = max(now - BACKDATE, ca.certificate.not_valid_before_utc)
    end = min(now + LIFE, ca.certificate.not_valid_after_utc)
    if begun >= end:
        raise NoResponder(f"{ca.stem} has ended")
    lines = journal_of(ca)
    journal.ensure_room(lines)
    lease.require()
    key = make_responder_key(issuing.branch)
    serial = new_serial()
    plan = ResponderPlan(issuing.chain[0], f"OCSP {ca.stem}", key.public_key(), serial, begun, end)
    draft = specimen(plan, issuing.branch)
    for finding in pkix_findings(draft.public_bytes(Encoding.DER)):
        if finding.severity == Severity.ERROR:
            raise SignerUnavailable(f"{plan.common_name}: {finding.params['detail']}")
    tbs = draft.tbs_certificate_bytes
    try:
        der = sign_certificate(tbs, hashlib.sha256(tbs).hexdigest(), issuing)
    except SignatureMismatch as error:
        raise SignerUnavailable(f"{plan.common_name}: {error}") from error
    journal.append(lines, [journal.Entry(str(uuid4()), 1, serial_hex(serial), der, {})])
    certificate = x509.load_der_x509_certificate(der)
    _store(ca, certificate, now)
    return Signer((certificate, *issuing.chain), key)


def _store(ca: IssuingCA, certificate: x509.Certificate, now: datetime) -> None:
    der = certificate.public_bytes(Encoding.DER)
    serial = serial_hex(certificate.serial_number)
    with transaction.atomic():
        lease.hold()
        OcspResponder.objects.create(
            issuing_ca=ca,
            serial=serial,
            der=der,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            created_at=now,
        )
        name, about = IssuanceEvent.OCSP_RESPONDER, events.Subject("issuing_ca", ca.stem)
        data: dict[str, Any] = {"serial": serial, "sha256": hashlib.sha256(der).hexdigest()}
        events.record(name, about, system("ca"), now, **data)
