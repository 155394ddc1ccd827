"""Reviewers' decisions about accounts and their members."""

import uuid

from django.db import models
from django.utils.translation import pgettext_lazy

from accounts.models.organisations import Membership, Organisation
from accounts.models.people import Person
from certportal.foundation.kept_tables import Kept


class AccountDecision(models.Model):
    """A reviewer's decision about an account or one of its memberships, with reasons.

    The decision is kept; the reasons are blanked at the end of their retention period. `followed`
    has the numbers of consequences by kind: see `applications.services.reviewer.accounts`.
    """

    class Kind(models.TextChoices):
        MEMBERSHIP_ENDED = "membership_ended", pgettext_lazy("decision", "Membership ended")
        RIGHT_WITHDRAWN = "right_withdrawn", pgettext_lazy("decision", "Confirmation withdrawn")
        CLOSED = "closed", pgettext_lazy("decision", "Account closed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="decisions")
    membership = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="decisions")
    reasons = models.TextField()
    decided_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    followed = models.JSONField(default=dict)

    keeping = Kept(erased=["reasons"], once=["followed"])

    class Meta:
        ordering = ["-at"]
