"""Reconciling: what a crash or an older copy of the database has lost is entered anew."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast
from uuid import UUID

from cryptography import x509
from django.db import transaction

from accounts.models import Organisation
from certportal.foundation import events, outbox
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused, Unavailable
from issuance.journal import Entry
from issuance.models import Certificate, IssuingCA
from issuance.services import locks
from issuance.services.compare import Difference, Kind, compare, reason_of
from issuance.services.reentry import CannotEnter, enter
from issuance.services.revoke import REASONS, revoke
from issuance.services.signed import event, store_within

RECONCILER = system("reconcile")

type Outcome = tuple[Difference, str]
"""A difference, and "mended" or why it was not."""


def reconcile(*, mend: bool, now: datetime) -> list[Outcome]:
    """Compare journal, database and lists of every issuing CA and, if wanted, mend them.

    Mended are: certificates that only the journal knows (entered, and the registration authority
    is told), revocations that only the published list knows, and signing that stopped midway
    (the work is opened again). All else is listed for a person to look at. Running it again
    mends what is left; nothing is ever taken away.
    """
    outcomes: list[Outcome] = []
    for ca in IssuingCA.objects.order_by("pk"):
        for difference in compare(ca):
            mended = _mend(ca, difference, now) if mend else "not mended"
            outcomes.append((difference, mended))
    return outcomes


def _mend(ca: IssuingCA, difference: Difference, now: datetime) -> str:
    mender = _MENDERS.get(difference.kind)
    if mender is None:
        return "look at it"
    try:
        mender(ca, difference, now)
    except (Refused, Unavailable, CannotEnter) as error:
        return f"not mended: {str(error) or type(error).__name__}"
    return "mended"


def _store(ca: IssuingCA, difference: Difference, now: datetime) -> None:
    entry = cast(Entry, difference.entry)
    if not Organisation.objects.filter(pk=str(entry.facts["organisation_id"])).exists():
        raise CannotEnter("its organisation is not in the database")
    with locks.alone(f"issuing:{entry.reference}"), transaction.atomic():
        locks.hold(f"issuance:{entry.reference}")
        attempt = enter(ca, entry, actor=RECONCILER, now=now)
        store_within([(attempt, entry.der)], now)
        events.insert([event("issuance.restored", attempt, now)])


def _revoke(ca: IssuingCA, difference: Difference, now: datetime) -> None:
    revoked = cast(x509.RevokedCertificate, difference.revoked)
    certificate = Certificate.objects.filter(issuing_ca=ca, serial=difference.about).first()
    if certificate is None:
        raise CannotEnter("the certificate itself could not be entered")
    date = _extension(revoked, x509.InvalidityDate)
    reason = reason_of(revoked)
    revoke(
        certificate.pk,
        reason if reason in REASONS else "unspecified",
        actor=RECONCILER,
        invalidity_date=date.invalidity_date_utc if date else None,
        revoked_at=revoked.revocation_date_utc,
        now=now,
    )


def _extension[T: x509.ExtensionType](entry: x509.RevokedCertificate, kind: type[T]) -> T | None:
    try:
        return entry.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _reopen(ca: IssuingCA, difference: Difference, now: datetime) -> None:
    outbox.enqueue("certificate.confirmed", now=now, reference=str(UUID(difference.about)))


_MENDERS: Mapping[Kind, Callable[[IssuingCA, Difference, datetime], None]] = {
    Kind.NOT_STORED: _store,
    Kind.NOT_REVOKED: _revoke,
    Kind.SIGNING_IDLE: _reopen,
}
