"""Restores the attempt of a journal entry in the database, so that it can be stored as issued."""

import hashlib
from datetime import datetime
from uuid import UUID

from cryptography import x509
from django.utils.translation import gettext as _

from certportal.foundation.actors import Actor
from issuance.authority.sign import SignatureMismatch, verify_certificate
from issuance.certificate.plan import serial_hex
from issuance.journal import Entry
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services.issuing.attempts import mark_signing
from issuance.services.issuing.prepare import close

State = PreparedCertificate.State


class CannotEnter(Exception):
    """The certificate conflicts with the database, or is not valid for this CA and entry."""


def enter(ca: IssuingCA, entry: Entry, *, actor: Actor, now: datetime) -> PreparedCertificate:
    """The attempt of the entry's certificate, in state signing, to be stored as issued.

    A restored database may have this attempt as prepared or signing, have another attempt of the
    reference instead, or have none. The caller must hold the reference's lock. Raises CannotEnter.
    """
    certificate = _checked(ca, entry)
    known = PreparedCertificate.objects.filter(reference=entry.reference)
    if Certificate.objects.filter(reference=entry.reference).exists():
        raise CannotEnter(_("the reference has another certificate: revoke one of them"))
    same = known.filter(issuing_ca=ca, serial=entry.serial).select_for_update().first()
    if same is not None and bytes(same.tbs) != certificate.tbs_certificate_bytes:
        raise CannotEnter(_("the database has other bytes under this serial number"))
    if same is not None and same.state in (State.PREPARED, State.SIGNING):
        return _signing(ca, same)
    if same is not None:
        raise CannotEnter(_("its attempt is %(state)s in the database") % {"state": same.state})
    if known.filter(state=State.SIGNING).exists():
        raise CannotEnter(_("another attempt of the reference is being signed"))
    for open_ in known.filter(state=State.PREPARED).select_for_update():
        close(open_, "found_in_journal", actor=actor, now=now)
    return _attempt_from(ca, entry, certificate, now)


def _checked(ca: IssuingCA, entry: Entry) -> x509.Certificate:
    """The certificate, verified to be issued by this CA and to have the entry's serial number."""
    certificate = x509.load_der_x509_certificate(entry.der)
    try:
        verify_certificate(entry.der, certificate.tbs_certificate_bytes, ca.certificate)
    except SignatureMismatch as mismatch:
        raise CannotEnter(str(mismatch)) from mismatch
    if serial_hex(certificate.serial_number) != entry.serial:
        raise CannotEnter(_("the line names another serial number"))
    return certificate


def _signing(ca: IssuingCA, attempt: PreparedCertificate) -> PreparedCertificate:
    if attempt.state == State.PREPARED and ca.state != IssuingCA.State.ACTIVE:
        raise CannotEnter(_("its issuing CA is not active any more"))
    if attempt.state == State.PREPARED:
        mark_signing([attempt])
    return attempt


def _attempt_from(
    ca: IssuingCA, entry: Entry, certificate: x509.Certificate, now: datetime
) -> PreparedCertificate:
    """A new attempt with all data but the CSR, which the journal does not contain."""
    tbs = certificate.tbs_certificate_bytes
    taken = PreparedCertificate.objects.filter(reference=entry.reference).order_by("-attempt")
    last = taken.first()
    return PreparedCertificate.objects.create(
        reference=UUID(entry.reference),
        attempt=max(entry.attempt, last.attempt + 1 if last else 1),
        state=State.SIGNING,
        issuing_ca=ca,
        serial=entry.serial,
        tbs=tbs,
        tbs_sha256=hashlib.sha256(tbs).hexdigest(),
        specimen_der=entry.der,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        csr_der=b"",
        created_at=now,
        expires_at=now,
        **entry.facts,
    )
