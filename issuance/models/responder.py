"""Certificates of the OCSP responders."""

from django.db import models
from django.db.models import F, Q

from certportal.foundation.kept_tables import Kept
from issuance.models.ca import IssuingCA


class OcspResponder(models.Model):
    """The certificate of a delegated OCSP responder of one CA, valid for some days.

    The private key exists only in the memory of the `ca` worker process that made it.
    """

    issuing_ca = models.ForeignKey(IssuingCA, models.PROTECT, related_name="responders")
    serial = models.CharField(max_length=40)
    der = models.BinaryField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    created_at = models.DateTimeField()

    keeping = Kept()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuing_ca", "serial"], name="ocspresponder_serial_once"
            ),
            models.CheckConstraint(
                condition=Q(not_before__lt=F("not_after")), name="ocspresponder_validity_ordered"
            ),
        ]
