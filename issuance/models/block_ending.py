"""Ends of blocks that were recorded by mistake: one person proposes, a second one confirms."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from certportal.foundation.database.kept_tables import Kept


class BlockEnding(models.Model):
    """One reviewer's proposal to end the block of a key, or those of a whole list; its outcome.

    ``blocked_at`` is the ``BlockedKey.created_at`` of the blocks, which all keys of a list share;
    ``spki_sha256`` is empty for a whole list. It ends as confirmed by a second reviewer, or dropped
    by anybody. ``words`` are the maker's reasons, ``closing_words`` those for dropping it.
    """

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed"
        DROPPED = "dropped"

    spki_sha256 = models.CharField(max_length=64, blank=True)
    blocked_at = models.DateTimeField()
    maker = models.ForeignKey(Person, models.PROTECT, related_name="+")
    words = models.TextField()
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    closing_words = models.TextField(blank=True)

    keeping = Kept(
        until_closed=["closed_at", "closer", "outcome", "closing_words"],
        closed="OLD.closed_at IS NOT NULL",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["blocked_at", "spki_sha256"],
                condition=Q(closed_at=None),
                name="block_ending_proposed_once",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closer=None, outcome="")
                | (Q(closed_at__isnull=False, closer__isnull=False) & ~Q(outcome="")),
                name="block_ending_closed_somehow",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed") | ~Q(closer=F("maker")),
                name="block_ending_confirmed_by_another",
            ),
        ]


class EndedBlock(models.Model):
    """A block that has been ended, as it was: the key may be certified, and be blocked again."""

    spki_sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=30)
    created_at = models.DateTimeField()
    ending = models.ForeignKey(BlockEnding, models.PROTECT, related_name="blocks")

    keeping = Kept()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["spki_sha256", "created_at"], name="block_ended_once")
        ]
