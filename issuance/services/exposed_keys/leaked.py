"""Handling a compromised key: block it and revoke all certificates for it (CA/B BR 4.9.1.1)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from certportal.foundation.actors import Actor
from issuance.csr import Report
from issuance.models import Certificate
from issuance.services import locks
from issuance.services.blocked_keys import block_key
from issuance.services.status.revoke import COMPROMISE, revoke


def report_leaked_key(spki_sha256: str, *, actor: Actor, now: datetime) -> list[Certificate]:
    """Block a key whose private key was uploaded, and revoke its certificates."""
    return revoke_key(spki_sha256, "private_key_uploaded", actor=actor, now=now)


@transaction.atomic
def report_known_keys(report: Report, *, actor: Actor, now: datetime) -> list[Certificate]:
    """Block every key whose private key the report found, and revoke its certificates.

    The private key was in the file, or anybody can compute it from the request. Returns the
    unexpired certificates with these keys, also those revoked for it earlier.
    """
    if not report.leaked_spki_sha256:
        return []
    blocked_as = "private_key_uploaded" if report.contains_private_key else "key_compromise"
    revoke_keys(report.leaked_spki_sha256, blocked_as, actor=actor, now=now)
    found = Certificate.objects.filter(spki_sha256__in=report.leaked_spki_sha256)
    return list(found.filter(not_after__gte=now))


@transaction.atomic
def revoke_keys(
    hashes: Collection[str], blocked_as: str, *, actor: Actor, now: datetime
) -> list[Certificate]:
    """Do `revoke_key` for each; return the changed certificates."""
    # All at once, as issuing locks those of several orders: in turn, each could wait for the other.
    locks.hold(*(f"key:{spki}" for spki in hashes))
    return [
        certificate
        for spki in sorted(hashes)  # as `import_keys` locks them
        for certificate in revoke_key(spki, blocked_as, actor=actor, now=now)
    ]


@transaction.atomic
def revoke_key(
    spki_sha256: str,
    blocked_as: str,
    *,
    actor: Actor,
    now: datetime,
    invalidity_date: datetime | None = None,
) -> list[Certificate]:
    """Block the key with this SPKI hash (lower-case hex) and revoke its unexpired certificates.

    Only for a compromise that is proven or reported by the holder; CA/B BR 4.9.1.1 requires
    revocation within 24 hours. Certificates revoked for another reason get the reason key
    compromise. A certificate being signed now is revoked when it is stored. ``blocked_as`` is one
    of BlockedKey.REASONS. Returns the changed certificates; their holders are notified as of any
    revocation.
    """
    locks.hold(f"key:{spki_sha256}")  # as issuing does before it looks at the block list
    block_key(spki_sha256, blocked_as, actor=actor, now=now)
    found = Certificate.objects.filter(spki_sha256=spki_sha256, not_after__gte=now)
    standing = found.exclude(revocation_reason=COMPROMISE).order_by("pk")
    return [
        revoke(each.pk, COMPROMISE, actor=actor, invalidity_date=invalidity_date, now=now)
        for each in standing
    ]
