"""A reviewer's proposal to revoke a certificate, which a second reviewer must confirm.

For an exposed key one reviewer is enough (`services.revoke_exposed`), because it is urgent.
"""

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from applications.models.kept import OF_ERASED_ORDER
from applications.models.revocation import EXPOSED, WORDS, reason_words
from certportal.foundation.database.kept_tables import Kept

# The reasons a reviewer may propose, by issuance's names for them (RFC 5280, 5.3.1).
PROPOSABLE = tuple(reason for reason in WORDS if reason != EXPOSED)


class RevocationProposal(models.Model):
    """One reviewer's proposal to revoke one certificate, and its outcome.

    It ends as confirmed or declined by a second reviewer, withdrawn by its maker, or overtaken by
    another revocation. `words` are the maker's reasons, `closing_words` those for declining.
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

    keeping = Kept(
        until_closed=["closed_at", "closer", "outcome", "closing_words"],
        closed="OLD.closed_at IS NOT NULL",
        erased=["words", "closing_words"],
        erasable=OF_ERASED_ORDER,
    )

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

    @property
    def reason_words(self) -> str:
        return reason_words(self.reason)

    @property
    def came_from_outside(self) -> bool:
        """Whether a report from outside waits for it, so that two persons must decide."""
        return hasattr(self, "report") or self.reports_beside.exists()

    @property
    def had_to_wait(self) -> bool:
        """Whether the service made it when another proposal about the certificate ended."""
        proposals = RevocationProposal.objects.filter(certificate_id=self.certificate_id)
        return proposals.filter(closed_at=self.made_at).exists()

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a second person."""
        return self.closed_at is None
