"""Keys that get no certificate: blocked ones, and those certified for another matter."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from certportal.foundation import events
from certportal.foundation.actors import Actor
from issuance.findings import Finding, Severity
from issuance.models import BlockedKey, Certificate, PreparedCertificate


def is_blocked(spki_sha256: str) -> bool:
    """Whether the key of this SPKI hash (lower-case hex) is on the block list."""
    return BlockedKey.objects.filter(spki_sha256=spki_sha256).exists()


def block_key(spki_sha256: str, reason: str, *, actor: Actor, now: datetime) -> BlockedKey:
    """Block a key for ever: ``reason`` is one of BlockedKey.REASONS. Idempotent."""
    blocked, created = BlockedKey.objects.get_or_create(
        spki_sha256=spki_sha256, defaults={"reason": reason, "created_at": now}
    )
    if created:
        events.record(
            "issuance.key_blocked",
            actor=actor,
            now=now,
            object_type="key",
            object_id=spki_sha256,
            data={"reason": reason},
        )
    return blocked


def key_findings(spki_sha256: str, reference: UUID) -> Iterator[Finding]:
    """Faults of a key that only the authority's own records can tell.

    A key certified, or being certified, for another reference is refused without saying whose:
    every certificate gets a key of its own. The same reference may use its key again.
    """
    if is_blocked(spki_sha256):
        yield Finding(rule="key.blocked", severity=Severity.ERROR, params={})
    elsewhere = (
        Certificate.objects.filter(spki_sha256=spki_sha256).exclude(reference=reference).exists()
        or PreparedCertificate.objects.filter(
            spki_sha256=spki_sha256, state=PreparedCertificate.State.SIGNING
        )
        .exclude(reference=reference)
        .exists()
    )
    if elsewhere:
        yield Finding(rule="key.in_use", severity=Severity.ERROR, params={})
