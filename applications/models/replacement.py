"""Mass replacement: the plan, its approvals, and the outcome for each certificate."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from certportal.foundation.database.kept_tables import Kept
from issuance.models import Certificate


class Replacement(models.Model):
    """The plan of a mass replacement.

    `cause` is told to the holders; `note` is the operator's message to the reviewers. `wanted` has
    the conditions for selecting certificates (`replacement.selection.Selection`). From `revoke_on`
    the old certificates may be revoked. `digest` covers the bytes of every certificate prepared
    for the plan: reviewers approve exactly those.
    """

    class Cause(models.TextChoices):
        AUTHORITY = "authority", _("A fault at the certificate authority")
        PROFILE = "profile", _("A fault in the contents of the certificates")

    cause = models.CharField(max_length=10, choices=Cause)
    note = models.TextField()
    wanted = models.JSONField(default=dict)
    revoke_on = models.DateField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    keeping = Kept(once=["digest"])

    class Meta:
        ordering = ["-made_at"]

    @property
    def planned(self) -> "models.QuerySet[ReplacementItem]":
        """The items that are still to be released."""
        return self.items.filter(state=ReplacementItem.State.PLANNED)

    def is_over(self, now: datetime) -> bool:
        """Return whether nothing can be approved or released: the plan has expired, was never
        finished, or selected nothing to replace.
        """
        return not self.digest or now >= self.expires_at


class ReplacementApproval(models.Model):
    """A reviewer's approval of everything that the digest covers, after reauthentication."""

    replacement = models.ForeignKey(Replacement, models.PROTECT, related_name="approvals")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reauthenticated_at = models.DateTimeField()
    at = models.DateTimeField()

    keeping = Kept()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["replacement", "person"], name="replacement_approved_once"
            ),
        ]


class ReplacementItem(models.Model):
    """One certificate of the plan, and its state.

    `reference` identifies the item to the CA and becomes the key of the new order. `reason` is the
    id of the rule why it was left out or refused. `prepared_id` and `tbs_sha256` identify the
    prepared certificate; `changes` names the parts in which it differs from the old certificate.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        LEFT_OUT = "left_out", _("Left out")
        RELEASED = "released", _("Being issued")
        ISSUED = "issued", _("Replaced")
        REFUSED = "refused", _("Refused")

    replacement = models.ForeignKey(Replacement, models.PROTECT, related_name="items")
    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="replacements")
    reference = models.UUIDField(unique=True, default=uuid.uuid4)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    reason = models.CharField(max_length=60, blank=True)
    prepared_id = models.BigIntegerField(null=True)
    tbs_sha256 = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=list)
    closed_at = models.DateTimeField(null=True)

    keeping = Kept(until_closed=["state", "reason", "closed_at"], closed="OLD.state = 'issued'")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["replacement", "certificate"], name="replacement_item_once"
            ),
            models.UniqueConstraint(
                fields=["certificate"],
                condition=Q(state__in=["released", "issued"]),
                name="replaced_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["left_out", "refused"]) ^ Q(reason=""),
                name="replacement_reason_when_not_made",
            ),
        ]
