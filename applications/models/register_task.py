"""Tasks for reviewers: a change in a register that touches certificates in force."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, Person
from accounts.register.models import Kind, RegisterRecord


class RegisterTask(models.Model):
    """One change of one record under certificates of one organisation, and the decision on it.

    `values` maps a field to what it was and what it is; `key` stands for the record, the kind of
    change and what it is now, so that the same change is never brought up twice. It is emptied
    when the change has been taken back: from then on it would be another.
    """

    class Change(models.TextChoices):
        ENDED = "ended", _("Ended in the register")
        RENAMED = "renamed", _("Renamed in the register")
        MERGED = "merged", _("Moved to another organisation")
        SECTOR = "sector", _("Changed sector")
        INTERMEDIARY = "intermediary", _("Removed from the register of intermediaries")

    class Outcome(models.TextChoices):
        REVOKE = "revoke", _("Revoke the certificates")
        REISSUE = "reissue", _("Ask the organisation to order new ones")
        NOTHING = "nothing", _("Do nothing")
        OVER = "over", _("No longer topical")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="register_tasks")
    change = models.CharField(max_length=12, choices=Change)
    record_kind = models.CharField(max_length=16, choices=Kind)
    record_oid = models.CharField(max_length=128)
    key = models.CharField(max_length=64)
    then = models.ForeignKey(RegisterRecord, models.PROTECT, related_name="+")
    present = models.ForeignKey(RegisterRecord, models.PROTECT, null=True, related_name="+")
    values = models.JSONField(default=dict)
    proposal = models.CharField(max_length=8, choices=Outcome)
    certificates = models.ManyToManyField("issuance.Certificate", related_name="register_tasks")
    opened_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reasons = models.TextField(blank=True)

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "key"],
                condition=Q(outcome=""),
                name="register_task_open_once",
            ),
        ]

    def __str__(self) -> str:
        """Return the change and the record."""
        return f"{self.change} {self.record_oid}"

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return not self.outcome
