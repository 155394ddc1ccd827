"""A private key that somebody let out: no certificate for it any more, and none left in force."""

from datetime import datetime

from django.db import transaction

from certportal.foundation.actors import Actor
from issuance.models import Certificate
from issuance.services import locks
from issuance.services.keys import block_key
from issuance.services.revoke import COMPROMISE, revoke


@transaction.atomic
def report_leaked_key(spki_sha256: str, *, actor: Actor, now: datetime) -> list[Certificate]:
    """Block the key of this SPKI hash (lower-case hex) and revoke its live certificates.

    Only for keys whose private half was seen whole. Returns what was revoked now; the holders
    are told as of any revocation, and one being signed now is revoked when it is stored.
    CA/B BR 4.9.1.1: a proven compromise is revoked within 24 hours.
    """
    locks.hold(f"key:{spki_sha256}")  # as issuing does before it looks at the block list
    block_key(spki_sha256, "private_key_uploaded", actor=actor, now=now)
    live = Certificate.objects.filter(
        spki_sha256=spki_sha256, state=Certificate.State.ISSUED, not_after__gte=now
    ).order_by("pk")
    return [revoke(each.pk, COMPROMISE, actor=actor, now=now) for each in live]
