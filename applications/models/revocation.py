"""Revocation requests: who requested a revocation, and why."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from applications.models.kept import OF_ERASED_ORDER
from certportal.foundation.database.kept_tables import Kept

EXPOSED = "key_compromise"
NO_LONGER_NEEDED = "cessation_of_operation"

# The reasons an applicant can choose from; the CA knows more (issuance.services.REASONS).
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
    """Return the revocation reason in words; empty for a reason that has none."""
    return str(WORDS.get(reason, ""))


class RevocationRequest(models.Model):
    """A request that led to a revocation, or that changed its reason to key compromise.

    `reason` is one of issuance's names for RFC 5280's reason codes; `words` the requester's own
    explanation; `exposed_on` the day from which others may have known the private key (the
    invalidity date, RFC 5280, 5.3.2).
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

    keeping = Kept(erased=["words"], erasable=OF_ERASED_ORDER)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate_id", "reason"], name="revocation_asked_once_for_a_reason"
            ),
        ]
