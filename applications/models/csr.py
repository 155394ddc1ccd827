"""Uploaded certificate requests (PKCS#10, RFC 2986)."""

import uuid

from django.db import models

from applications.models.application import Application
from applications.models.kept import OF_ERASED_ORDER, OF_ORDER_NEVER_SENT
from certportal.foundation.database.kept_tables import Kept


class Csr(models.Model):
    """An uploaded certificate request, never edited.

    `der` is the CertificationRequest and `sha256` its hash; `spki_sha256` is the hash of its
    SubjectPublicKeyInfo; `report` are the findings by the rules of `rule_set_version`;
    `uploaded_by` is the actor.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.CASCADE, related_name="csrs")
    der = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    spki_sha256 = models.CharField(max_length=64, db_index=True)
    report = models.JSONField()
    rule_set_version = models.CharField(max_length=20)
    uploaded_by = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField()

    keeping = Kept(
        erased=["der", "report"], erasable=OF_ERASED_ORDER, deletable=OF_ORDER_NEVER_SENT
    )

    class Meta:
        ordering = ["-uploaded_at"]
        indexes = [models.Index(fields=["sha256"], name="csr_sha256")]
