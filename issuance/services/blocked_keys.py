"""Keys that are not certified: blocked keys, and keys certified for another reference."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.database.combined_queries import Asks, Question, Values, compiled_for
from certportal.foundation.database.prepared_statements import Statement
from certportal.foundation.models import Event
from certportal.foundation.outbox import outbox
from issuance.event_names import IssuanceEvent
from issuance.findings import Finding, found
from issuance.models import BlockedKey, Certificate
from issuance.services import locks
from issuance.services.errors import NotAHash

BATCH = 5_000
SETTLED = timedelta(days=1)
"""After this time, no issuing that began before the key was blocked is still under way."""
LISTED = 500
"""Keys that one event names, so that it fits into an entry of the log of events."""
_HASH = re.compile("[0-9a-f]{64}")


@Question
def is_blocked(spki_sha256: str) -> Asks[bool]:
    """Whether the key of this SPKI hash (lower-case hex) is on the block list."""
    return _blocked(spki_sha256), bool


@compiled_for("a key")
def _blocked(spki_sha256: str) -> Values:
    return Values(BlockedKey.objects.filter(spki_sha256=spki_sha256).values_list("pk"))


def block_key(spki_sha256: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Block for good a key that is known to be exposed, also if a list has blocked it before.

    ``reason`` is one of BlockedKey.REASONS. Idempotent: nobody can end such a block.
    """
    if _insert([spki_sha256], reason, now, final_at=now):
        events.record(
            IssuanceEvent.KEY_BLOCKED, events.Subject("key", spki_sha256), actor, now, reason=reason
        )


def import_keys(
    lines: Iterable[str], reason: str, *, known_from: str = "", actor: Actor, now: datetime
) -> int:
    """Block the keys listed by SPKI SHA-256 (hex), one per line; return how many are new.

    ``known_from`` is where it is known from, in words that name no person: they stay in the event.
    Reviewers are told of new keys that have certificates in force. The lines are those of
    `hashes_in`. A block made by another list or a report becomes final: two sources name the key.
    All or none: raises NotAHash with the first line that is not a hash, or ValueError unless
    ``reason`` is one of BlockedKey.REASONS.
    """
    if reason not in BlockedKey.REASONS:
        raise ValueError(reason)
    # In one order, so that of two lists with the same keys one waits for the other.
    hashes = sorted(set(hashes_in(lines)))
    about = events.Subject("key", "list")
    # Recognises the same list when it is imported again.
    name = hashlib.sha256("\n".join([reason, *hashes]).encode()).hexdigest()
    final_at = now if reason == "private_key_uploaded" else None
    with transaction.atomic():
        locks.hold(f"list:{name}")
        again = [*_brought_at(name), now]
        new = [
            spki
            for batch in batched(hashes, BATCH)
            for spki, blocked_at in _insert(batch, reason, now, final_at=final_at, again=again)
            if blocked_at == now
        ]
        _tell_reviewers(hashes, now)
        listed = [
            events.made(
                IssuanceEvent.KEYS_LISTED, about, actor, now, reason=reason, keys=list(keys)
            )
            for keys in batched(new, LISTED)
        ]
        events.insert(listed)
        counts: dict[str, Any] = {"read": len(hashes), "new": len(new), "lists": len(listed)}
        counts["sha256"] = name
        source: dict[str, Any] = {"known_from": known_from} if known_from else {}
        imported = IssuanceEvent.KEYS_IMPORTED
        events.record(imported, about, actor, now, reason=reason, **counts, **source)
    return len(new)


def _brought_at(name: str) -> QuerySet[Event, datetime]:
    """When the list of this name was imported before."""
    imports = Event.objects.filter(object_type="key", object_id="list", data__sha256=name)
    return imports.filter(action=IssuanceEvent.KEYS_IMPORTED).values_list("at", flat=True)


def _tell_reviewers(hashes: Sequence[str], now: datetime) -> None:
    """Enqueue the news of each key blocked just now that has certificates in force."""
    hit = {certificate.spki_sha256 for certificate in hit_by(hashes, now=now)}
    blocked = BlockedKey.objects.filter(spki_sha256__in=hit, created_at=now).order_by("pk")
    news = [{"spki_sha256": spki} for spki in blocked.values_list("spki_sha256", flat=True)]
    outbox.enqueue_all("key.blocked", news, now=now)


def hit_by(lines: Iterable[str], *, now: datetime) -> list[Certificate]:
    """The certificates in force whose keys are among the listed ones (see ``import_keys``)."""
    in_force = Certificate.objects.filter(Certificate.in_force(now))
    return [
        certificate
        for batch in batched(hashes_in(lines), BATCH)
        for certificate in in_force.filter(spki_sha256__in=batch)
        .select_related("issuing_ca", "organisation")
        .order_by("pk")
    ]


def blocked_in_force(*, now: datetime) -> QuerySet[Certificate]:
    """The certificates in force whose keys are blocked, ordered by when the key was blocked.

    Reviewers have to revoke them, however the key came on the list.
    """
    blocked = BlockedKey.objects.filter(spki_sha256=OuterRef("spki_sha256"), may_be_certified=True)
    found = Certificate.objects.filter(Certificate.in_force(now), Exists(blocked))
    since = Subquery(blocked.values("created_at"))
    return found.select_related("organisation").order_by(since, "pk")


def settle(*, now: datetime) -> None:
    """Note which blocked keys no certificate has, so that `blocked_in_force` looks for few keys.

    A key blocked for longer than `SETTLED` gets no certificate: issuing refuses it. If one appears
    nevertheless, as from the journal after a restore, the next run corrects the note.
    """
    has = Exists(Certificate.objects.filter(spki_sha256=OuterRef("spki_sha256")))
    old = BlockedKey.objects.filter(created_at__lt=now - SETTLED, may_be_certified=True)
    _note(old.filter(~has), may_be_certified=False)
    _note(BlockedKey.objects.filter(has, may_be_certified=False), may_be_certified=True)


@transaction.atomic
def _note(blocks: QuerySet[BlockedKey], *, may_be_certified: bool) -> None:
    locked = blocks.select_for_update().order_by("spki_sha256")  # as `import_keys` locks them
    noted = BlockedKey.objects.filter(pk__in=locked.values("pk"))
    noted.update(may_be_certified=may_be_certified)


# ON CONFLICT locks a row even where it changes nothing. So the end of a block waits for this, or
# this waits for it and then inserts the key again.
_INSERT = """
INSERT INTO issuance_blockedkey AS known (spki_sha256, reason, created_at, final_at)
SELECT spki, %s, %s, %s FROM unnest(%s::text[]) AS key (spki)
ON CONFLICT (spki_sha256) DO UPDATE SET final_at = excluded.created_at
WHERE known.final_at IS NULL AND known.created_at <> ALL (%s::timestamptz[])
RETURNING spki_sha256, created_at
"""


def _insert(
    hashes: Sequence[str],
    reason: str,
    now: datetime,
    *,
    final_at: datetime | None,
    again: Sequence[datetime] = (),
) -> list[tuple[str, datetime]]:
    """Insert the hashes that are not on the list, and make the blocks of the others final.

    Returns what was changed: hash, and when it was blocked. Blocks made ``again`` stay as they are.
    """
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [reason, now, final_at, list(hashes), list(again)])
        return [(spki, blocked_at) for spki, blocked_at in cursor.fetchall()]


def hashes_in(lines: Iterable[str]) -> Iterator[str]:
    """The hashes, one on each line, in any common writing: with colons, blanks, capital letters.

    Empty lines and comments after # are ignored. Raises NotAHash.
    """
    for number, line in enumerate(lines, start=1):
        text = "".join(line.partition("#")[0].replace(":", "").split()).lower()
        if text and not _HASH.fullmatch(text):
            raise NotAHash(number)
        if text:
            yield text


@dataclass(frozen=True, slots=True)
class KeyOf:
    """A key by its SPKI hash, the reference it is wanted for, and the one a reissue replaces.

    ``hashes``: all hashes by which it may be blocked or in use (`hashes_of`); empty: only its own.
    """

    spki_sha256: str
    reference: UUID
    replaces: UUID | None = None
    hashes: Sequence[str] = ()


# One query for any number of keys; the last EXISTS uses the index prepared_key_signing. When a key
# is reissued repeatedly, its certificates form a chain in which all but the last were replaced.
# As subqueries hide from PostgreSQL how many keys there are, it plans once. Otherwise it plans
# anew for each number of keys, which takes six times as long as running the statement for one.
_KNOWN = Statement(
    """
SELECT EXISTS (SELECT FROM issuance_blockedkey known
               WHERE known.spki_sha256 IN (key.spki, key.usual)),
       EXISTS (SELECT FROM issuance_certificate known
               WHERE known.spki_sha256 IN (key.spki, key.usual)
               AND known.reference NOT IN (key.reference, key.replaces)
               AND (key.replaces = key.reference OR NOT EXISTS (
                   SELECT FROM issuance_certificate later
                   JOIN issuance_preparedcertificate made ON made.id = later.prepared_id
                   WHERE later.spki_sha256 = known.spki_sha256
                   AND made.replaces = known.reference)))
    OR EXISTS (SELECT FROM issuance_preparedcertificate known
               WHERE known.spki_sha256 IN (key.spki, key.usual)
               AND known.state = 'signing'
               AND known.reference NOT IN (key.reference, key.replaces))
FROM unnest((SELECT %s), (SELECT %s), (SELECT %s), (SELECT %s))
     WITH ORDINALITY AS key (spki, usual, reference, replaces, number)
ORDER BY key.number
""",
    ["text[]", "text[]", "uuid[]", "uuid[]"],
)


def findings_of_keys(keys: Sequence[KeyOf]) -> list[list[Finding]]:
    """Faults of each key found in the CA's records: blocked, or in use for another reference.

    Every certificate needs a key of its own, so a key that is or is being certified for another
    reference is refused, without telling whose it is. The same reference may use its key again,
    and a reissue may use the key of the reference that it ``replaces`` and of earlier ones
    replaced by that.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _KNOWN,
            [
                [key.spki_sha256 for key in keys],
                [[key.spki_sha256, *key.hashes][-1] for key in keys],
                [key.reference for key in keys],
                [key.replaces or key.reference for key in keys],
            ],
        )
        return [list(_findings(*known)) for known in cursor.fetchall()]


def _findings(blocked: bool, in_use: bool) -> Iterator[Finding]:
    if blocked:
        yield found("key.blocked")
    if in_use:
        yield found("key.in_use")


_BLOCKED = Statement(
    "SELECT spki_sha256 FROM issuance_blockedkey WHERE spki_sha256 = ANY(%s)", ["text[]"]
)


def blocked_among(hashes: Iterable[str]) -> set[str]:
    """Which of these SPKI hashes (lower-case hex) are on the block list."""
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED, [list(hashes)])
        return {spki_sha256 for (spki_sha256,) in cursor.fetchall()}
