"""Tasks for reviewers: a change in a register that affects certificates in force."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, Person
from accounts.register.models import Kind, RegisterRecord
from certportal.foundation.database.kept_tables import Kept


class RegisterTask(models.Model):
    """A change of a register record on which an organisation's certificates rest, and the decision.

    `then` is the record's version when the certificates were prepared and `present` the version
    when the task was opened. `values` maps the name of a changed field to its former and new value.
    `key` is a hash of the record, the kind of change and the new values, so that the same change
    does not open a second task. It is emptied once the register has reverted the change, so that
    the same change opens a new task if it is made again.
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

    keeping = Kept(
        # A task passes to the organisation's successor; see above for `key`.
        changing=["organisation", "key"],
        until_closed=["outcome", "decided_by", "decided_at", "reasons"],
        closed="OLD.outcome <> ''",
        erased=["reasons"],
    )

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "key"],
                condition=Q(outcome=""),
                name="register_task_open_once",
            ),
        ]

    @property
    def event_data(self) -> dict[str, Any]:
        return {"change": self.change}

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return not self.outcome
