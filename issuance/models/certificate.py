"""Issued certificates, and keys that get none any more."""

from functools import cached_property

from cryptography import x509
from django.db import models
from django.db.models import F, Q

from issuance.models.ca import IssuingCA
from issuance.models.prepared import ENVIRONMENT_OF_PROFILE, PreparedCertificate


class Certificate(models.Model):
    """A certificate this authority signed. It outlives the order it was made for.

    ``revocation_reason`` is pyca's name of the reason (RFC 5280, 5.3.1). ``crl_entry`` is the DER
    of its entry in the revocation list; revocation is for good.
    """

    class State(models.TextChoices):
        ISSUED = "issued"
        REVOKED = "revoked"

    prepared = models.OneToOneField(PreparedCertificate, models.PROTECT, related_name="certificate")
    reference = models.UUIDField(unique=True)
    issuing_ca = models.ForeignKey(IssuingCA, models.PROTECT, related_name="certificates")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    environment = models.CharField(max_length=10)
    profile_id = models.CharField(max_length=40)
    profile_version = models.PositiveSmallIntegerField()
    serial = models.CharField(max_length=40)
    spki_sha256 = models.CharField(max_length=64, db_index=True)
    der = models.BinaryField()
    sha256 = models.CharField(max_length=64, unique=True)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    issued_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ISSUED)
    revoked_at = models.DateTimeField(null=True)
    revocation_reason = models.CharField(max_length=30, blank=True)
    invalidity_date = models.DateTimeField(null=True)
    crl_entry = models.BinaryField(default=bytes)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuing_ca", "serial"], name="certificate_serial_once"
            ),
            models.CheckConstraint(
                condition=Q(state="issued", revoked_at__isnull=True, revocation_reason="")
                | (Q(state="revoked", revoked_at__isnull=False) & ~Q(revocation_reason="")),
                name="certificate_state_agrees",
            ),
            models.CheckConstraint(
                condition=Q(not_before__lt=F("not_after")), name="certificate_validity_ordered"
            ),
            models.CheckConstraint(
                condition=ENVIRONMENT_OF_PROFILE, name="certificate_environment_of_profile"
            ),
        ]
        indexes = [
            models.Index(
                fields=["issuing_ca", "revoked_at"],
                condition=Q(state="revoked"),
                name="certificate_revoked",
            ),
            models.Index(fields=["organisation", "-issued_at"], name="certificate_of_organisation"),
        ]

    def __str__(self) -> str:
        return self.serial

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The certificate itself."""
        return x509.load_der_x509_certificate(bytes(self.der))


class BlockedKey(models.Model):
    """A public key that gets no certificate, whoever asks: its private half is or may be known.

    Kept by the SHA-256 of its SubjectPublicKeyInfo (lower-case hex). ``reason`` is
    ``key_compromise`` (a revocation), ``private_key_uploaded`` or ``published``.
    """

    REASONS = ("key_compromise", "private_key_uploaded", "published")

    spki_sha256 = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=30)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["key_compromise", "private_key_uploaded", "published"]),
                name="blockedkey_known_reason",
            )
        ]

    def __str__(self) -> str:
        return self.spki_sha256
