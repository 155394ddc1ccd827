"""Ending blocks that were recorded by mistake: one person proposes it, a second one confirms.

Never that of a key known to be exposed (RFC 5280 5.3.1, CA/B BR 6.1.1.3): such blocks are final.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.errors import NotAllowed, Stale
from certportal.foundation.models import Event
from issuance.event_names import IssuanceEvent
from issuance.keys.published import is_published
from issuance.models import BlockedKey, BlockEnding, Certificate, EndedBlock
from issuance.services import locks
from issuance.services.blocked_keys import BATCH, LISTED
from issuance.services.status.revoke import COMPROMISE

Outcome = BlockEnding.Outcome


class NothingToEnd(Stale):
    message = _(
        "No block can be ended here: it has been ended already, or the key is known to be exposed"
        " and stays blocked for good."
    )


class EndAlreadyProposed(Stale):
    message = _("The end of the block has been proposed already. It waits for confirmation.")


class EndSettled(Stale):
    message = _("The proposal to end the block has been settled meanwhile.")


class SecondPersonEnds(NotAllowed):
    """The proposer cannot confirm; nobody can once the proposer is no impartial reviewer."""

    message = _("It takes two reviewers to end a block: somebody else than its proposer confirms.")


def endable(
    blocked_at: datetime, spki_sha256: str = "", *, with_lock: bool = False
) -> list[BlockedKey]:
    """Return the blocks recorded at this time, of this key or of all, that are not final.

    A key that a revocation or an event says is exposed is left out too: after a restore its row may
    not be marked final. ``with_lock``: none becomes final until the end of the transaction.
    """
    blocks = BlockedKey.objects.filter(created_at=blocked_at, final_at=None)
    if spki_sha256:
        blocks = blocks.filter(spki_sha256=spki_sha256)
    if with_lock:  # in the order in which `import_keys` locks
        blocks = blocks.select_for_update()
    found = list(blocks.order_by("spki_sha256"))
    hashes = [block.spki_sha256 for block in found]
    revoked = Certificate.objects.filter(
        Among("spki_sha256", "text", hashes), revocation_reason=COMPROMISE
    )
    told = Event.objects.filter(
        Among("object_id", "text", hashes),
        object_type="key",
        action__in=[IssuanceEvent.KEY_BLOCKED, IssuanceEvent.KEY_PROOF],
    )
    never = {*revoked.values_list("spki_sha256", flat=True)}
    never |= {*told.values_list("object_id", flat=True)}
    return [
        block
        for block in found
        if block.spki_sha256 not in never and not is_published(block.spki_sha256)
    ]


@transaction.atomic
def propose_end(
    blocked_at: datetime,
    spki_sha256: str,
    *,
    words: str,
    person: Person,
    actor: Actor,
    now: datetime,
) -> BlockEnding:
    """Propose to end the block of the key, or with "" those of all keys blocked at that time.

    Raises NothingToEnd, EndAlreadyProposed.
    """
    locks.hold(f"block ending:{blocked_at.timestamp()}")
    if not endable(blocked_at, spki_sha256):
        raise NothingToEnd
    given = {"blocked_at": blocked_at, "spki_sha256": spki_sha256}
    if BlockEnding.objects.filter(closed_at=None, **given).exists():
        raise EndAlreadyProposed
    ending = BlockEnding.objects.create(maker=person, words=words, made_at=now, **given)
    _record(IssuanceEvent.BLOCK_END_PROPOSED, ending, actor, now)
    return ending


def open_ending(ending_id: int) -> BlockEnding:
    """The open proposal, locked. Raises EndSettled."""
    locked = BlockEnding.objects.select_for_update(of=("self",)).select_related("maker")
    ending = locked.filter(pk=ending_id, closed_at=None).first()
    if ending is None:
        raise EndSettled
    return ending


def end_blocks(
    ending: BlockEnding,
    blocks: Sequence[BlockedKey],
    *,
    person: Person,
    actor: Actor,
    now: datetime,
) -> None:
    """End the blocks as proposed, with both locked (``open_ending``, ``endable``).

    Raises SecondPersonEnds, NothingToEnd.
    """
    if person.current == ending.maker.current:
        raise SecondPersonEnds
    if not blocks:
        raise NothingToEnd
    _close(ending, Outcome.CONFIRMED, "", person, now)
    ended = [
        EndedBlock(
            spki_sha256=block.spki_sha256,
            reason=block.reason,
            created_at=block.created_at,
            ending=ending,
        )
        for block in blocks
    ]
    EndedBlock.objects.bulk_create(ended, batch_size=BATCH)
    for some in batched(blocks, BATCH):  # a page waits for each answer of the database only so long
        BlockedKey.objects.filter(Among("id", "bigint", [block.pk for block in some])).delete()
    for keys in batched([block.spki_sha256 for block in blocks], LISTED):
        _record(IssuanceEvent.BLOCKS_ENDED, ending, actor, now, keys=list(keys))


def drop_end(
    ending: BlockEnding, *, words: str, person: Person, actor: Actor, now: datetime
) -> None:
    """Close the locked proposal and leave the blocks as they are."""
    _close(ending, Outcome.DROPPED, words, person, now)
    _record(IssuanceEvent.BLOCK_END_DROPPED, ending, actor, now)


def _close(
    ending: BlockEnding, outcome: Outcome, words: str, person: Person, now: datetime
) -> None:
    ending.closed_at, ending.outcome, ending.closer = now, outcome, person
    ending.closing_words = words
    ending.save(update_fields=["closed_at", "outcome", "closer", "closing_words"])


def _record(
    name: IssuanceEvent, ending: BlockEnding, actor: Actor, now: datetime, **data: Any
) -> None:
    about = events.Subject("key", ending.spki_sha256 or "list")
    events.record(name, about, actor, now, ending=ending.pk, **data)
