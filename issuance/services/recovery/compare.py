"""Compares journal, database and published CRLs. Read-only."""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from django.db.models import Q
from django.utils.translation import gettext_noop

from certportal.foundation.models import OutboxItem
from issuance import journal
from issuance.certificate.plan import serial_hex
from issuance.certificate.read_back import extension
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.publication import repository
from issuance.services.issuing.only_approved import unapproved
from issuance.services.status.ocsp_responders import journal_of
from issuance.services.status.revoke import COMPROMISE


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
