"""The succession of one organisation by another."""

from django.db import models

from accounts.models.organisations import Organisation
from accounts.models.people import Person
from certportal.foundation.kept_tables import Kept


class Succession(models.Model):
    """A reviewer's decision that an organisation has been succeeded by another, with the reason.

    If the successor had no account, the account continues under the successor's business ID, and
    `organisation` and `successor` are the same row. `people` and `orders` count what was handed
    over.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="succeeded_by")
    successor = models.ForeignKey(Organisation, models.PROTECT, related_name="succeeded")
    former_name = models.CharField(max_length=300)
    former_code = models.CharField(max_length=9)
    code = models.CharField(max_length=9)
    reason = models.TextField()
    people = models.PositiveIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0)
    decided_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    keeping = Kept(changing=["orders"], erased=["reason"])

    class Meta:
        ordering = ["-at", "-pk"]

    @property
    def moves(self) -> bool:
        """Whether orders and people moved to another account, the successor's own."""
        return bool(self.organisation_id != self.successor_id)
