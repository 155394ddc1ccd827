"""Approvals of prepared certificates by reviewers."""

from django.db import models

from certportal.foundation.kept_tables import Kept
from issuance.models.prepared import PreparedCertificate


class Approval(models.Model):
    """One person's approval of exactly the bytes of one prepared certificate.

    ``role`` is the person's role then, ``reauthenticated_at`` when they last confirmed with their
    second factor. ``register_record`` names the version of the register record at that moment.
    """

    prepared = models.ForeignKey(PreparedCertificate, models.PROTECT, related_name="approvals")
    person = models.ForeignKey("accounts.Person", models.PROTECT, related_name="+")
    role = models.CharField(max_length=30)
    reauthenticated_at = models.DateTimeField()
    register_record = models.CharField(max_length=100, blank=True)
    # How many approvals were required at that moment.
    persons = models.PositiveSmallIntegerField(default=1)
    # From this moment on the approval no longer permits signing: a waiver it rests on has ended.
    until = models.DateTimeField(null=True)
    # The proof by the person's passkey: the stored form of issuance.approvers.proof.Proof.
    assertion = models.JSONField(null=True)
    # The waivers that the approval rests on: a list of stored issuance.approvers.waived.Waived.
    waivers = models.JSONField(null=True)
    created_at = models.DateTimeField()

    keeping = Kept()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prepared", "person"], name="approval_person_once")
        ]
