"""Documents attached to an order."""

from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.models.kept import OF_ERASED_ORDER, OF_ORDER_NEVER_SENT
from certportal.foundation.database.kept_tables import Kept
from certportal.foundation.files import storing


def storage_name(attachment: "Attachment", _given: str) -> str:
    """Return a random file name: the uploader's own name never reaches the file system."""
    return storing.random_name()


class Attachment(models.Model):
    """A document of an order, stored privately under a random name; the bytes never change.

    `name` is the uploader's file name, cleaned, for display only. A document that was replaced or
    removed keeps its row; its file is kept only if a submission contains its hash.
    """

    class Kind(models.TextChoices):
        CONFORMITY = "conformity"
        # Sent with the order or the answer to a reviewer's question; there may be several.
        ANSWER = "answer"
        # A reviewer's document for a hearing; sent to the applicant once `request` is set.
        HEARING = "hearing"

    application = models.ForeignKey(Application, models.CASCADE, related_name="attachments")
    kind = models.CharField(max_length=12, choices=Kind)
    file = models.FileField(upload_to=storage_name, max_length=60, blank=True)
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    request = models.ForeignKey(
        "applications.InformationRequest", models.PROTECT, null=True, related_name="documents"
    )

    keeping = Kept(
        once=["removed_at", "request"],
        erased=["file"],
        deletable=f"{OF_ORDER_NEVER_SENT} OR {OF_ERASED_ORDER}",
    )

    class Meta:
        ordering = ["uploaded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind"],
                condition=Q(removed_at=None) & ~Q(kind__in=["answer", "hearing"]),
                name="attachment_one_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name
