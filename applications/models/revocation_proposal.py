"""A reviewer's proposal to revoke somebody's certificate: it takes a second person to carry it out.

A key that is exposed needs one person only (`services.revoke_exposed`): there haste matters more.
"""

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from applications.revocations import EXPOSED, WORDS, reason_words

# What a reviewer may propose, by issuance's names of the reasons (RFC 5280, 5.3.1).
PROPOSABLE = tuple(reason for reason in WORDS if reason != EXPOSED)


class RevocationProposal(models.Model):
    """One reviewer's proposal about one certificate, and what became of it.

    Closed as confirmed or declined by a second reviewer, withdrawn by its maker, or overtaken by
    another revocation. `words` are the maker's, `closing_words` those of whoever declined.
    """

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        OVERTAKEN = "overtaken"

    application = models.ForeignKey(
        "applications.Application", models.PROTECT, related_name="revocation_proposals"
    )
    certificate_id = models.BigIntegerField()
    maker = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=30)
    words = models.TextField()
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    closing_words = models.TextField(blank=True)

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate_id"],
                condition=Q(closed_at=None),
                name="revocation_proposed_once",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="")
                | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="revocation_proposal_closed_somehow",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed")
                | (Q(closer__isnull=False) & ~Q(closer=F("maker"))),
                name="revocation_confirmed_by_another",
            ),
        ]

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason

    @property
    def reason_words(self) -> str:
        """The reason in words."""
        return reason_words(self.reason)

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a second person."""
        return self.closed_at is None
