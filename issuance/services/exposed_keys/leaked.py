"""A key that is not its holder's alone: no certificate for it any more, and none left in force."""

from datetime import datetime

from django.db import transaction

from certportal.foundation.actors import Actor
from issuance.models import Certificate
from issuance.services import locks
from issuance.services.keys import block_key
from issuance.services.revoke import COMPROMISE, revoke


def report_leaked_key(spki_sha256: str, *, actor: Actor, now: datetime) -> list[Certificate]:
    """Block a key whose private half was seen whole, and revoke its certificates."""
    return revoke_key(spki_sha256, "private_key_uploaded", actor=actor, now=now)


@transaction.atomic
def revoke_key(
    spki_sha256: str,
    blocked_as: str,
    *,
    actor: Actor,
    now: datetime,
    invalidity_date: datetime | None = None,
) -> list[Certificate]:
    """Block the key of this SPKI hash (lower-case hex) and revoke every certificate for it.

    Only for compromise that is proven or told by the holder. Those revoked for another reason and
    not yet over have it raised. Returns what was changed now; the holders are told as of any
    revocation, and one being signed now is revoked when it is stored. ``blocked_as`` is one of
    BlockedKey.REASONS. CA/B BR 4.9.1.1: a proven compromise is revoked within 24 hours.
    """
    locks.hold(f"key:{spki_sha256}")  # as issuing does before it looks at the block list
    block_key(spki_sha256, blocked_as, actor=actor, now=now)
    found = Certificate.objects.filter(spki_sha256=spki_sha256, not_after__gte=now)
    standing = found.exclude(revocation_reason=COMPROMISE).order_by("pk")
    return [
        revoke(each.pk, COMPROMISE, actor=actor, invalidity_date=invalidity_date, now=now)
        for each in standing
    ]
