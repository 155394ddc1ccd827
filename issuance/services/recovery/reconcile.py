"""Reconciling: restores in the database what a crash or an older backup has lost."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast
from uuid import UUID

from cryptography import x509
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Organisation
from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused, Unavailable
from certportal.foundation.outbox import outbox
from issuance import journal
from issuance.event_names import IssuanceEvent
from issuance.models import Certificate, IssuingCA
from issuance.services import locks
from issuance.services.issuing.sign_attempts import CA_WORKER, store_within
from issuance.services.recovery.compare import Difference, Kind, compare, reason_of
from issuance.services.recovery.reentry import CannotEnter, enter
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
    journal.ensure_copied(ca.stem)
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


_REPAIRS: Mapping[Kind, Callable[[IssuingCA, Difference, datetime], None]] = {
    Kind.NOT_STORED: _store,
    Kind.NOBODY_APPROVED: _store,
    Kind.NOT_REVOKED: _revoke,
    Kind.SIGNING_IDLE: _reopen,
}
