"""Compares journal, database and published CRLs, and restores what a crash has lost.

The attempt of a journal entry is restored, so that its certificate can be stored as issued. What an
older backup has lost is restored likewise.
"""

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from cryptography import x509
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _, gettext_noop

from accounts.models import Organisation
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import Refused, Unavailable
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from issuance import journal
from issuance.authority.sign import SignatureMismatch, verify_certificate
from issuance.certificate.plan import serial_hex
from issuance.certificate.read_back import extension
from issuance.event_names import IssuanceEvent
from issuance.journal import Entry
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.publication import repository
from issuance.services import locks
from issuance.services.issuing.attempts import mark_signing
from issuance.services.issuing.journal_approved import unapproved
from issuance.services.issuing.prepare import close
from issuance.services.issuing.sign_attempts import CA_WORKER, store_within
from issuance.services.status.ocsp_responders import journal_of
from issuance.services.status.revoke import COMPROMISE, REASONS, revoke


class Kind(StrEnum):
    """Kinds of difference; the values are descriptions for operators, before translation."""

    JOURNAL_DAMAGED = gettext_noop("a line of the journal was changed, torn or moved")
    NOT_STORED = gettext_noop("signed according to the journal, unknown to the database")
    NOBODY_APPROVED = gettext_noop(
        "signed according to the journal, and nobody approved it: its CA signs nothing"
    )
    NOT_JOURNALLED = gettext_noop("issued according to the database, missing from the journal")
    DIFFERENT = gettext_noop(
        "journal and database hold different certificates of one serial number"
    )
    NOT_REVOKED = gettext_noop(
        "revoked on the published list, in force or for less in the database"
    )
    NOT_LISTED = gettext_noop("revoked in the database, missing from the published list")
    UNKNOWN_ON_LIST = gettext_noop("on the published list, unknown to journal and database")
    SIGNING_IDLE = gettext_noop("marked as being signed, and nobody is at it")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, at the CA ``stem``.

    ``about`` is a serial number (hex), the reference of an attempt, or file and line of the
    journal. ``entry`` is the journal's entry, ``revoked`` the CRL's, if the kind has one.
    """

    kind: Kind
    stem: str
    about: str
    entry: journal.Entry | None = None
    revoked: x509.RevokedCertificate | None = None


def compare(ca: IssuingCA) -> Iterator[Difference]:
    """Every difference about the certificates of one issuing CA."""
    for place in (*journal.faults(ca.stem), *journal.faults(journal_of(ca))):
        yield Difference(Kind.JOURNAL_DAMAGED, ca.stem, place)
    stored, signed = _stored(ca), set[str]()
    yield from _certificates(ca, signed, stored)
    yield from _revocations(ca, stored, signed | stored.keys())
    yield from _idle_attempts(ca, signed)


@dataclass(frozen=True, slots=True)
class Stored:
    """A certificate in the database: its SHA-256, state and revocation reason."""

    sha256: bytes
    state: str
    reason: str

    def lacks(self, listed: x509.RevokedCertificate) -> bool:
        """Whether the CRL has a revocation, or the reason key compromise, that this lacks."""
        if self.state == Certificate.State.ISSUED:
            return True
        return self.reason != COMPROMISE and reason_of(listed) == COMPROMISE


def reason_of(listed: x509.RevokedCertificate) -> str:
    """The reason of a CRL entry, by the library's name; "unspecified" if it has none."""
    found = extension(listed, x509.CRLReason)
    return found.reason.name if found else "unspecified"


def _stored(ca: IssuingCA) -> dict[str, Stored]:
    """Every certificate of the CA in the database, by serial number."""
    rows = Certificate.objects.filter(issuing_ca=ca)
    facts = rows.values_list("serial", "sha256", "state", "revocation_reason")
    return {
        serial: Stored(bytes.fromhex(sha256), sys.intern(state), sys.intern(reason))
        for serial, sha256, state, reason in facts.iterator()
    }


def _certificates(
    ca: IssuingCA, signed: set[str], stored: dict[str, Stored]
) -> Iterator[Difference]:
    """Compare the journal line by line with the database; add its serial numbers to ``signed``."""
    for entry in journal.entries(ca.stem):
        signed.add(entry.serial)
        known = stored.get(entry.serial)
        if known is None and not _is_stored_by_now(ca, entry.serial):
            kind = Kind.NOBODY_APPROVED if unapproved([entry]) else Kind.NOT_STORED
            yield Difference(kind, ca.stem, entry.serial, entry=entry)
        elif known and known.sha256 != hashlib.sha256(entry.der).digest():
            yield Difference(Kind.DIFFERENT, ca.stem, entry.serial, entry=entry)
    for serial in stored:
        if serial not in signed:
            yield Difference(Kind.NOT_JOURNALLED, ca.stem, serial)


def _is_stored_by_now(ca: IssuingCA, serial: str) -> bool:
    """Whether the signing worker has stored the certificate since the rows were read."""
    return Certificate.objects.filter(issuing_ca=ca, serial=serial).exists()


def _revocations(
    ca: IssuingCA, stored: dict[str, Stored], known: Iterable[str]
) -> Iterator[Difference]:
    listed = _listed(ca)
    lost = set(ca.revoked_serials.values_list("serial", flat=True))
    every = {*known, *lost}
    for serial, revoked in listed.items():
        if serial not in every:
            yield Difference(Kind.UNKNOWN_ON_LIST, ca.stem, serial)
        elif serial in lost:
            continue
        elif serial not in stored or stored[serial].lacks(revoked):
            yield Difference(Kind.NOT_REVOKED, ca.stem, serial, revoked=revoked)
    served = _served(ca)
    published = served.last_update_utc if served else None
    for serial in Certificate.objects.filter(
        Q(revoked_at__lt=published) if published else Q(),
        issuing_ca=ca,
        state=Certificate.State.REVOKED,
        not_after__gte=published or ca.created_at,
    ).values_list("serial", flat=True):
        if serial not in listed:
            yield Difference(Kind.NOT_LISTED, ca.stem, serial)


def _listed(ca: IssuingCA) -> dict[str, x509.RevokedCertificate]:
    """The entries of the list published last, by serial number."""
    served = _served(ca)
    return {serial_hex(each.serial_number): each for each in served} if served else {}


def _served(ca: IssuingCA) -> x509.CertificateRevocationList | None:
    path = repository.last_crl_path(ca.stem)
    return x509.load_der_x509_crl(path.read_bytes()) if path else None


def _idle_attempts(ca: IssuingCA, signed: set[str]) -> Iterator[Difference]:
    """Attempts left in state signing by a crash, with no outbox item that would continue them."""
    open_ = OutboxItem.objects.filter(done_at=None, failed_at=None)
    single = open_.filter(topic="certificate.confirmed").values_list(
        "payload__reference", flat=True
    )
    many = open_.filter(topic="certificates.confirmed").values_list(
        "payload__references", flat=True
    )
    busy = {*single, *(reference for references in many for reference in references)}
    attempts = PreparedCertificate.objects.filter(
        issuing_ca=ca, state=PreparedCertificate.State.SIGNING
    )
    for reference, serial in attempts.values_list("reference", "serial"):
        if serial not in signed and str(reference) not in busy:
            yield Difference(Kind.SIGNING_IDLE, ca.stem, str(reference))


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
