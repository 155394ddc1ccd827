"""Certificates of the OCSP responders."""

from django.db import models
from django.db.models import F, Q

from issuance.models.ca import IssuingCA


class OcspResponder(models.Model):
    """A certificate that lets a key sign the status of one CA's certificates, for some days.

    The key lives in the memory of the `ca` worker that made it, and ends with that process.
    """

    issuing_ca = models.ForeignKey(IssuingCA, models.PROTECT, related_name="responders")
    serial = models.CharField(max_length=40)
    der = models.BinaryField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuing_ca", "serial"], name="ocspresponder_serial_once"
            ),
            models.CheckConstraint(
                condition=Q(not_before__lt=F("not_after")), name="ocspresponder_validity_ordered"
            ),
        ]

    def __str__(self) -> str:
        return self.serial
