"""Approvals of exact bytes by named persons."""

from django.db import models

from issuance.models.prepared import PreparedCertificate


class Approval(models.Model):
    """A person approved one prepared certificate, in a role, having proved who they are again.

    ``register_record`` names the version of the register's record that stood at that moment.
    """

    prepared = models.ForeignKey(PreparedCertificate, models.PROTECT, related_name="approvals")
    person = models.ForeignKey("accounts.Person", models.PROTECT, related_name="+")
    role = models.CharField(max_length=30)
    reauthenticated_at = models.DateTimeField()
    register_record = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prepared", "person"], name="approval_person_once")
        ]

    def __str__(self) -> str:
        return f"{self.prepared_id} by {self.person_id}"
