"""Reconciling: restores in the database what a crash or an older backup has lost.

The attempt of a journal entry is restored, so that its certificate can be stored as issued.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast
from uuid import UUID

from cryptography import x509
from django.db import transaction
from django.utils.translation import gettext as _, gettext_noop

from accounts.models import Organisation
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import Refused, Unavailable
from certportal.foundation.outbox import outbox
from issuance import journal
from issuance.authority.sign import SignatureMismatch, verify_certificate
from issuance.certificate.plan import serial_hex
from issuance.certificate.read_back import extension
from issuance.event_names import IssuanceEvent
from issuance.journal import Entry
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services import locks
from issuance.services.issuing.attempts import mark_signing
from issuance.services.issuing.prepare import close
from issuance.services.issuing.sign_attempts import CA_WORKER, store_within
from issuance.services.recovery.compare import Difference, Kind, compare, reason_of
from issuance.services.status.revoke import REASONS, revoke

RECONCILER = system("reconcile")

MENDED, NOT_MENDED = gettext_noop("fixed"), gettext_noop("not fixed")
LOOK = gettext_noop("look at it")

type Outcome = tuple[Difference, str]
"""A difference and its outcome before translation; a reason may follow NOT_MENDED."""


def reconcile(*, mend: bool, now: datetime) -> list[Outcome]:
    """Compare journal, database and CRLs of every issuing CA; repair differences if ``mend``.

    Repaired are certificates that only the journal has (stored, and the registration authority is
    notified), revocations that only the published list has, and interrupted signing (enqueued
    again). Other differences are only reported, for an operator to examine. It may be run again
    to repair the rest; nothing is ever deleted.
    """
    outcomes: list[Outcome] = []
    for ca in IssuingCA.objects.order_by("pk"):
        for difference in compare(ca):
            mended = _repair(ca, difference, now) if mend else NOT_MENDED
            outcomes.append((difference, mended))
    return outcomes


def _repair(ca: IssuingCA, difference: Difference, now: datetime) -> str:
    repair = _REPAIRS.get(difference.kind)
    if repair is None:
        return LOOK
    try:
        repair(ca, difference, now)
    except (Refused, Unavailable, CannotEnter) as error:
        return f"{NOT_MENDED}: {str(error) or type(error).__name__}"
    return MENDED


def _store(ca: IssuingCA, difference: Difference, now: datetime) -> None:
    entry = cast(journal.Entry, difference.entry)
    if not Organisation.objects.filter(pk=str(entry.facts["organisation_id"])).exists():
        raise CannotEnter(_("its organisation is not in the database"))
    journal.ensure_lasting(ca.stem)
    with locks.alone(f"issuing:{entry.reference}"), transaction.atomic():
        locks.hold(f"issuance:{entry.reference}")
        attempt = enter(ca, entry, actor=RECONCILER, now=now)
        store_within([(attempt, entry.der)], now)
        events.record(IssuanceEvent.RESTORED, attempt, CA_WORKER, now)


def _revoke(ca: IssuingCA, difference: Difference, now: datetime) -> None:
    revoked = cast(x509.RevokedCertificate, difference.revoked)
    certificate = Certificate.objects.filter(issuing_ca=ca, serial=difference.about).first()
    if certificate is None:
        raise CannotEnter(_("the certificate itself could not be entered"))
    date = extension(revoked, x509.InvalidityDate)
    reason = reason_of(revoked)
    revoke(
        certificate.pk,
        reason if reason in REASONS else "unspecified",
        actor=RECONCILER,
        invalidity_date=date.invalidity_date_utc if date else None,
        revoked_at=revoked.revocation_date_utc,
        now=now,
    )


def _reopen(ca: IssuingCA, difference: Difference, now: datetime) -> None:
    outbox.enqueue("certificate.confirmed", now=now, reference=str(UUID(difference.about)))


_REPAIRS: Mapping[Kind, Callable[[IssuingCA, Difference, datetime], None]] = {
    Kind.NOT_STORED: _store,
    Kind.NOBODY_APPROVED: _store,
    Kind.NOT_REVOKED: _revoke,
    Kind.SIGNING_IDLE: _reopen,
}


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
        if same.state == State.PREPARED and ca.state != IssuingCA.State.ACTIVE:
            raise CannotEnter(_("its issuing CA is not active any more"))
        if same.state == State.PREPARED:
            mark_signing([same])
        return same
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
