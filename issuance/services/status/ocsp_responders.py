"""The keys that sign status: made in a `ca` worker's memory, certified for days, never stored.

The reasons are in docs/decisions/ocsp.md.
"""

import hashlib
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.errors import Unavailable
from issuance import journal
from issuance.authority.responder import ResponderPlan, make_responder_key, specimen
from issuance.authority.sign import sign_certificate
from issuance.findings import Severity
from issuance.models import IssuingCA, OcspResponder
from issuance.pkix import pkix_findings
from issuance.plan import new_serial, serial_hex
from issuance.services.signing import signer_for
from issuance.signers import Signer, SignerUnavailable

log = structlog.get_logger(__name__)

LIFE = timedelta(days=14)
RENEWED_BEFORE = timedelta(days=7)
# Clocks of relying parties lag: what is dated in their future is refused by some.
BACKDATE = timedelta(minutes=5)

type LoadSigner = Callable[[IssuingCA], Signer]

_OWN: dict[tuple[int, bytes], Signer] = {}


class NoResponder(SignerUnavailable):
    """The issuing CA's own time is over: it certifies nobody any more."""


def responder_for(ca: IssuingCA, *, now: datetime, load_signer: LoadSigner = signer_for) -> Signer:
    """This process's responder for the CA, made and certified when there is none or it is old.

    An old one goes on to its end while no other can be certified. Its chain begins with its own
    certificate. Raises SignerUnavailable, JournalUnavailable.
    """
    name = (os.getpid(), bytes(ca.certificate_der))
    known = _OWN.get(name)
    if known is not None and _is_good(known, ca, now, lasting=RENEWED_BEFORE):
        return known
    try:
        _OWN[name] = _make(ca, now, load_signer(ca))
    except Unavailable as error:
        if known is None or not _is_good(known, ca, now):
            raise
        log.warning("ocsp_responder_not_renewed", ca=ca.stem, error=type(error).__name__)
    return _OWN[name]


def _is_good(
    responder: Signer, ca: IssuingCA, now: datetime, *, lasting: timedelta = timedelta()
) -> bool:
    """Whether it lasts, and the database, which may have come back from a backup, knows it."""
    own = responder.chain[0]
    least = min(now + lasting, ca.certificate.not_valid_after_utc)
    return (
        own.not_valid_before_utc <= now < own.not_valid_after_utc
        and least <= own.not_valid_after_utc
        and ca.responders.filter(serial=serial_hex(own.serial_number)).exists()
    )


def journal_of(ca: IssuingCA) -> str:
    """The name of the journal that holds the certificates of the CA's responders."""
    return f"{ca.stem}-ocsp"


def _make(ca: IssuingCA, now: datetime, issuing: Signer) -> Signer:
    """Lint, sign, journal, store, in this order, as with every certificate."""
    begun = max(now - BACKDATE, ca.certificate.not_valid_before_utc)
    end = min(now + LIFE, ca.certificate.not_valid_after_utc)
    if begun >= end:
        raise NoResponder(f"{ca.stem} has ended")
    lines = journal_of(ca)
    journal.ensure_room(lines)
    key = make_responder_key(issuing.branch)
    serial = new_serial()
    plan = ResponderPlan(issuing.chain[0], f"OCSP {ca.stem}", key.public_key(), serial, begun, end)
    der = _sign(plan, issuing)
    journal.append(lines, [journal.Entry(str(uuid4()), 1, serial_hex(serial), der, {})])
    certificate = x509.load_der_x509_certificate(der)
    _store(ca, certificate, now)
    return Signer((certificate, *issuing.chain), key)


def _sign(plan: ResponderPlan, issuing: Signer) -> bytes:
    draft = specimen(plan, issuing.branch)
    for finding in pkix_findings(draft.public_bytes(Encoding.DER)):
        if finding.severity == Severity.ERROR:
            raise SignerUnavailable(f"{plan.common_name}: {finding.params['detail']}")
    tbs = draft.tbs_certificate_bytes
    return sign_certificate(tbs, hashlib.sha256(tbs).hexdigest(), issuing)


def _store(ca: IssuingCA, certificate: x509.Certificate, now: datetime) -> None:
    der = certificate.public_bytes(Encoding.DER)
    serial = serial_hex(certificate.serial_number)
    with transaction.atomic():
        OcspResponder.objects.create(
            issuing_ca=ca,
            serial=serial,
            der=der,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            created_at=now,
        )
        events.record(
            "issuance.ocsp_responder",
            actor=system("ca"),
            now=now,
            object_type="issuing_ca",
            object_id=ca.stem,
            data={"serial": serial, "sha256": hashlib.sha256(der).hexdigest()},
        )
