"""Requests to revoke: why a certificate was revoked, in the asker's own words, and by whom."""

from datetime import datetime

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from issuance.models import Certificate

EXPOSED = "key_compromise"
NO_LONGER_NEEDED = "cessation_of_operation"

# What the applicant chooses from; the authority itself knows more (issuance.services.REASONS).
CHOICES: dict[str, Promise] = {
    EXPOSED: _("The private key has been exposed, or is suspected to have been"),
    NO_LONGER_NEEDED: _("The certificate is no longer needed, or its use has changed"),
}
WORDS: dict[str, Promise] = {
    EXPOSED: _("The private key has been exposed, or is suspected to have been"),
    NO_LONGER_NEEDED: _("The certificate is no longer needed, or its use has changed"),
    "superseded": _("The certificate has been replaced by a new one"),
    "affiliation_changed": _("The holder's details have changed"),
    "privilege_withdrawn": _("The right to the certificate has ended"),
}


def reason_words(reason: str) -> str:
    """Return the reason of a revocation in words; empty for one that says nothing."""
    return str(WORDS.get(reason, ""))


def is_revocable(certificate: Certificate, *, now: datetime) -> bool:
    """Return whether it is in force, or revoked for a reason that can still be raised."""
    return certificate.not_after > now and certificate.revocation_reason != EXPOSED


def is_proven(certificate: Certificate) -> bool:
    """Return whether its key was shown to be exposed and nobody asked for the revocation."""
    if certificate.revocation_reason != EXPOSED:
        return False
    of_key = Certificate.objects.filter(spki_sha256=certificate.spki_sha256).values("pk")
    return not RevocationRequest.objects.filter(certificate_id__in=of_key, reason=EXPOSED).exists()


def asked_by(certificate: Certificate) -> str:
    """Return in what role somebody asked for the revocation as it stands; empty if nobody did."""
    asked = RevocationRequest.objects.filter(
        certificate_id=certificate.pk, reason=certificate.revocation_reason
    )
    return asked.values_list("role", flat=True).first() or ""


class RevocationRequest(models.Model):
    """One request that led to a revocation, or raised its reason to an exposed key.

    `words` are the asker's own; `exposed_on` is the day since when the key may have been known to
    others (the invalidity date of RFC 5280, 5.3.2). `reason` is one of issuance's names.
    """

    application = models.ForeignKey(
        "applications.Application", models.PROTECT, related_name="revocation_requests"
    )
    certificate_id = models.BigIntegerField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    role = models.CharField(
        max_length=20, choices=[("applicant", "applicant"), ("reviewer", "reviewer")]
    )
    reason = models.CharField(max_length=30)
    words = models.TextField(blank=True)
    exposed_on = models.DateField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate_id", "reason"], name="revocation_asked_once_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason
