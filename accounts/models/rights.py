"""Documents by which people show that they may act for an organisation."""

from django.db import models

from accounts.models.organisations import Organisation
from accounts.models.people import Person


class RightDocument(models.Model):
    """A PDF that shows a person's right to act, stored privately; the bytes never change.

    `name` is the person's own name for it, cleaned, for display only.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="right_documents")
    person = models.ForeignKey(Person, models.PROTECT, related_name="right_documents")
    file = models.FileField(max_length=60)
    name = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    handed_in_at = models.DateTimeField()

    class Meta:
        ordering = ["-handed_in_at", "-pk"]

    def __str__(self) -> str:
        """Return the name for display."""
        return self.name


class AdministratorRequest(models.Model):
    """Somebody asks the authority to be made administrator, for no administrator can be reached.

    Who asked and what was decided stays; the words are blanked when their time is over.
    """

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="administrator_requests"
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="administrator_requests")
    reason = models.TextField()
    asked_at = models.DateTimeField()
    granted = models.BooleanField(default=False)
    reasons = models.TextField(blank=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=models.Q(decided_at=None),
                name="one_open_administrator_request",
            ),
        ]

    def __str__(self) -> str:
        """Return the time."""
        return f"{self.asked_at}"
