"""Keys that get no certificate: blocked ones, and those certified for another matter."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from uuid import UUID

from django.db import connection, transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor
from issuance.findings import Finding, Severity
from issuance.models import BlockedKey
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


@dataclass(frozen=True, slots=True)
class KeyOf:
    """A key by its SPKI hash, the reference it is wanted for, and the one a reissue replaces."""

    spki_sha256: str
    reference: UUID
    replaces: UUID | None = None


# One round trip however many keys; the index prepared_key_signing serves the last look-up. The
# certificates of a key reissued again and again make a chain: each but the last was replaced.
_KNOWN = """
SELECT EXISTS (SELECT FROM issuance_blockedkey known WHERE known.spki_sha256 = key.spki),
       EXISTS (SELECT FROM issuance_certificate known WHERE known.spki_sha256 = key.spki
               AND known.reference NOT IN (key.reference, key.replaces)
               AND (key.replaces = key.reference OR NOT EXISTS (
                   SELECT FROM issuance_certificate later
                   JOIN issuance_preparedcertificate made ON made.id = later.prepared_id
                   WHERE later.spki_sha256 = key.spki AND made.replaces = known.reference)))
    OR EXISTS (SELECT FROM issuance_preparedcertificate known WHERE known.spki_sha256 = key.spki
               AND known.state = 'signing'
               AND known.reference NOT IN (key.reference, key.replaces))
FROM unnest(%s::text[], %s::uuid[], %s::uuid[]) WITH ORDINALITY
     AS key (spki, reference, replaces, number)
ORDER BY key.number
"""


def key_findings(
    spki_sha256: str, reference: UUID, *, replaces: UUID | None = None
) -> list[Finding]:
    """Faults of a key that only the authority's own records can tell.

    A key certified, or being certified, for another reference is refused without saying whose:
    every certificate gets a key of its own. The same reference may use its key again, and a
    reissue that of the reference it ``replaces`` and of what that one replaced in its turn.
    """
    return findings_of_keys([KeyOf(spki_sha256, reference, replaces)])[0]


def findings_of_keys(keys: Sequence[KeyOf]) -> list[list[Finding]]:
    """Look many keys up as ``key_findings`` does; the findings of each, in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(
            _KNOWN,
            [
                [key.spki_sha256 for key in keys],
                [str(key.reference) for key in keys],
                [str(key.replaces or key.reference) for key in keys],
            ],
        )
        return [list(_found(*known)) for known in cursor.fetchall()]


def _found(blocked: bool, in_use: bool) -> Iterator[Finding]:
    if blocked:
        yield Finding(rule="key.blocked", severity=Severity.ERROR, params={})
    if in_use:
        yield Finding(rule="key.in_use", severity=Severity.ERROR, params={})


_BLOCKED = "SELECT spki_sha256 FROM issuance_blockedkey WHERE spki_sha256 = ANY(%s)"


def blocked_among(hashes: Iterable[str]) -> set[str]:
    """Which of these SPKI hashes (lower-case hex) are on the block list."""
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED, [list(hashes)])
        return {spki_sha256 for (spki_sha256,) in cursor.fetchall()}
