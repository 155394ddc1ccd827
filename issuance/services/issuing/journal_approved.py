"""A CA signs nothing while its journal has a certificate that nobody approved.

Either this service did not write that line, or database and log of events have lost the approval.
An operator must look first: only ``reconcile --mend`` stores such a certificate.
"""

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.database.combined_queries import Values, compiled_for
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import Event
from issuance import journal
from issuance.certificate.plan import serial_hex
from issuance.event_names import IssuanceEvent
from issuance.models import Certificate, IssuingCA, PreparedCertificate

DISOWNED = "disowned_certificate"
FEW = 1000
"""Fewer serial numbers than this are queried by value; otherwise all of the CA's are read."""


class NobodyApproved(Unavailable):
    """The CA's journal has a certificate for a case that nobody approved."""


@dataclass(slots=True)
class _Looked:
    """What this process has found in a journal, of which it has read ``count`` of ``order``."""

    order: Sequence[int] = ()
    count: int = 0
    unapproved: set[int] = field(default_factory=set)


_journals: dict[Path, _Looked] = {}


def require(ca: IssuingCA) -> None:
    """Raise NobodyApproved while the journal has an unapproved certificate not in the database.

    Likewise while one that the registration authority disowns is not revoked.
    """
    _require_owned(ca)
    seen = _journals.setdefault(journal.path(ca.stem), _Looked())
    order = journal.in_order(ca.stem)
    looked_at = seen.count if order is seen.order else 0
    if lost := _not_stored(ca, set(order[looked_at:])):
        entries = [each for each in journal.entries(ca.stem) if int(each.serial, 16) in lost]
        seen.unapproved |= {int(each.serial, 16) for each in unapproved(entries)}
    seen.order, seen.count = order, len(order)
    seen.unapproved = _not_stored(ca, seen.unapproved)
    if seen.unapproved:
        raise NobodyApproved(f"{ca.stem}: {serial_hex(min(seen.unapproved))}")


def disown(certificate_id: int, *, actor: Actor, now: datetime) -> None:
    """Record that the registration authority has not approved this certificate.

    Its CA signs nothing until it has been revoked.
    """
    if not Event.objects.filter(object_type=DISOWNED, object_id=str(certificate_id)).exists():
        about = events.Subject(DISOWNED, certificate_id)
        events.record(IssuanceEvent.DISOWNED, about, actor, now)


def was_restored(certificate_id: int) -> bool:
    """Whether `reconcile --mend` has stored the certificate."""
    certificate = Certificate.objects.get(pk=certificate_id)
    return Event.objects.filter(
        object_type=events.subject_of(PreparedCertificate()).type,
        object_id=str(certificate.prepared_id),
        action=IssuanceEvent.RESTORED,
    ).exists()


@compiled_for()
def _disowned() -> Values:
    """Return the query for the ids of all certificates that were ever disowned."""
    return Values(Event.objects.filter(object_type=DISOWNED).values_list("object_id"))


def _require_owned(ca: IssuingCA) -> None:
    disowned = [key for (key,) in _disowned().alone() if key.isdecimal()]
    if not disowned:
        return
    in_force = Certificate.objects.filter(issuing_ca=ca, state=Certificate.State.ISSUED)
    rows = in_force.filter(pk__in=disowned)
    for serial in rows.values_list("serial", flat=True):
        raise NobodyApproved(f"{ca.stem}: {serial}, by the registration authority")


def require_all() -> None:
    """Call ``require`` for every CA. Raises NobodyApproved."""
    for ca in IssuingCA.objects.order_by("pk"):
        require(ca)


def unapproved(entries: Sequence[journal.Entry]) -> list[journal.Entry]:
    """Return the entries without an event that somebody approved their bytes."""
    hashes = {each.serial: _tbs_sha256(each.der) for each in entries}
    approving = Event.objects.filter(
        object_type=events.subject_of(PreparedCertificate()).type,
        action=IssuanceEvent.APPROVED,
        refused=False,
        data__tbs_sha256__in=[*hashes.values()],
    )
    approved = set(approving.values_list("data__tbs_sha256", flat=True))
    return [each for each in entries if hashes[each.serial] not in approved]


def _tbs_sha256(der: bytes) -> str:
    try:
        tbs = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    except UNREADABLE:
        return ""
    return hashlib.sha256(tbs).hexdigest()


@compiled_for(-1, ["a serial number"])
def _stored(ca: int, serials: list[str]) -> Values:
    """Return the query for those of the serial numbers that the CA has certificates with."""
    rows = Certificate.objects.filter(Among("serial", "text", serials), issuing_ca=ca)
    return Values(rows.values_list("serial"))


def _not_stored(ca: IssuingCA, serials: Set[int]) -> set[int]:
    if not serials:
        return set()
    every = Certificate.objects.filter(issuing_ca=ca).values_list("serial").iterator()
    few = len(serials) < FEW
    lacking = set(serials)
    for (serial,) in _stored(ca.pk, [*map(serial_hex, serials)]).alone() if few else every:
        lacking.discard(int(serial, 16))
    return lacking
