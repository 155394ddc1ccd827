"""Two reviewers end blocks that were recorded by mistake: one proposes it, another confirms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Person
from applications.errors import require
from applications.models import Application, Csr
from applications.rules import impartiality
from applications.services.reviewer.block_keys import orders_under_way
from applications.services.reviewer.shown_prospect import require_shown
from certportal.foundation.actors import Actor
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.errors import Refused
from certportal.foundation.text import invisible
from issuance.models import BlockedKey, BlockEnding, Certificate
from issuance.services import block_endings, hit_by
from issuance.services.block_endings import NothingToEnd, SecondPersonEnds
from issuance.services.errors import NotReviewer


class WhyMissing(Refused):
    message = _("Write why.")


@dataclass(frozen=True, slots=True)
class Freed:
    """What a proposal would free: keys, and certificates in force and open orders with them."""

    keys: list[str]
    certificates: list[Certificate]
    orders: list[Application]


def preview_end(blocks: Sequence[BlockedKey], *, now: datetime) -> Freed:
    """Return what the end of the blocks would free."""
    keys = [block.spki_sha256 for block in blocks]
    return Freed(keys, hit_by(keys, now=now), orders_under_way(keys))


def to_end(keys: Sequence[str], person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the person may not take part in ending the blocks of the keys.

    NotReviewer; OwnOrganisation, OwnOrganisationLately or PartInAnOrder if an organisation of
    theirs, or an order in which they have a part, has or had one of the keys.
    """
    if not access.is_reviewer(person):
        yield NotReviewer()
    certified = Certificate.objects.filter(Among("spki_sha256", "text", keys))
    requested = Csr.objects.filter(Among("spki_sha256", "text", keys)).values("application")
    ordered = Q(pk__in=requested) | Q(pk__in=certified.values("reference"))
    orders = list(Application.objects.filter(ordered))
    owners = {order.organisation_id for order in orders}
    owners |= set(certified.values_list("organisation_id", flat=True))
    yield from impartiality.partialities(person, owners, now=now)
    if impartiality.parts(person, orders):
        yield impartiality.PartInAnOrder()


def to_confirm_end(
    ending: BlockEnding, keys: Sequence[str], person: Person, *, now: datetime
) -> Iterator[Refused]:
    """Yield why the person may not confirm the proposal: SecondPersonEnds, and as `to_end`.

    Merged persons count as one; the proposer must still be a reviewer who might propose it.
    """
    yield from to_end(keys, person, now=now)
    same = person.current == ending.maker.current
    if same or any(to_end(keys, ending.maker.current, now=now)):
        yield SecondPersonEnds()


@transaction.atomic
def propose_block_end(
    block_id: int, *, whole_list: bool, words: str, person: Person, actor: Actor, now: datetime
) -> BlockEnding:
    """Propose to end the block, or those of all keys that were blocked with it.

    Raises NothingToEnd, EndAlreadyProposed, WhyMissing, and what `to_end` yields.
    """
    block = BlockedKey.objects.filter(pk=block_id).first()
    if block is None:
        raise NothingToEnd
    of_key = "" if whole_list else block.spki_sha256
    blocks = block_endings.endable(block.created_at, of_key)
    _require_words(words)
    ending = block_endings.propose_end(
        block.created_at, of_key, words=words, person=person, actor=actor, now=now
    )
    require(to_end([each.spki_sha256 for each in blocks], person, now=now))
    return ending


@transaction.atomic
def confirm_block_end(
    ending_id: int, *, shown: str | None = None, person: Person, actor: Actor, now: datetime
) -> int:
    """End the blocks as proposed, on confirmation by a second reviewer; return how many.

    `shown`: the mark of what the page showed (`mark_of`); None without one. Raises EndSettled,
    NothingToEnd, OtherTouched, and what `to_confirm_end` yields.
    """
    ending = block_endings.open_ending(ending_id)
    blocks = block_endings.endable(ending.blocked_at, ending.spki_sha256, with_lock=True)
    freed = preview_end(blocks, now=now)
    require(to_confirm_end(ending, freed.keys, person, now=now))
    require_shown(freed, shown)
    block_endings.end_blocks(ending, blocks, person=person, actor=actor, now=now)
    return len(blocks)


@transaction.atomic
def drop_block_end(
    ending_id: int, *, words: str, person: Person, actor: Actor, now: datetime
) -> None:
    """Close the proposal: its maker withdraws it, or another reviewer declines it.

    Raises EndSettled, WhyMissing, and what `to_end` yields.
    """
    ending = block_endings.open_ending(ending_id)
    blocks = block_endings.endable(ending.blocked_at, ending.spki_sha256)
    require(to_end([block.spki_sha256 for block in blocks], person, now=now))
    _require_words(words)
    block_endings.drop_end(ending, words=words, person=person, actor=actor, now=now)


def _require_words(words: str) -> None:
    if invisible.is_blank(words):
        raise WhyMissing
