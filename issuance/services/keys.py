"""Keys that get no certificate: blocked ones, and those certified for another matter."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched
from uuid import UUID

from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor
from issuance.findings import Finding, Severity
from issuance.models import BlockedKey, Certificate, PreparedCertificate
from issuance.services.errors import NotAHash

BATCH = 5_000
_HASH = re.compile("[0-9a-f]{64}")


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


def import_keys(lines: Iterable[str], reason: str, *, actor: Actor, now: datetime) -> int:
    """Block the keys whose SPKI SHA-256 (hex) stand one on each line; return how many are new.

    Empty lines and what follows a # are passed over. All or none: raises NotAHash naming the
    first line that is no hash, ValueError unless ``reason`` is one of BlockedKey.REASONS.
    """
    if reason not in BlockedKey.REASONS:
        raise ValueError(reason)
    hashes = list(_hashes(lines))
    before = BlockedKey.objects.count()
    with transaction.atomic():
        for batch in batched(hashes, BATCH):
            rows = [BlockedKey(spki_sha256=h, reason=reason, created_at=now) for h in batch]
            BlockedKey.objects.bulk_create(rows, ignore_conflicts=True)
        new = BlockedKey.objects.count() - before
        data = {"reason": reason, "read": len(hashes), "new": new}
        events.record(
            "issuance.keys_imported",
            actor=actor,
            now=now,
            object_type="key",
            object_id="list",
            data=data,
        )
    return new


def _hashes(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip().lower()
        if text and not _HASH.fullmatch(text):
            raise NotAHash(number)
        if text:
            yield text


def key_findings(
    spki_sha256: str, reference: UUID, *, replaces: UUID | None = None
) -> Iterator[Finding]:
    """Faults of a key that only the authority's own records can tell.

    A key certified, or being certified, for another reference is refused without saying whose:
    every certificate gets a key of its own. The same reference may use its key again, and a
    reissue that of the reference it ``replaces``.
    """
    if is_blocked(spki_sha256):
        yield Finding(rule="key.blocked", severity=Severity.ERROR, params={})
    own = [reference, replaces] if replaces else [reference]
    signing = PreparedCertificate.objects.filter(state=PreparedCertificate.State.SIGNING)
    for known in (Certificate.objects.all(), signing):
        if known.filter(spki_sha256=spki_sha256).exclude(reference__in=own).exists():
            yield Finding(rule="key.in_use", severity=Severity.ERROR, params={})
            return
