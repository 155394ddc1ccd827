"""Challenges to whoever says that they hold a private key."""

from django.db import models
from django.db.models import F, Q


class KeyChallenge(models.Model):
    """A line to be signed with one private key, once and soon.

    `token` is 256 random bits in base64url; `spki` is the DER of the public key it is bound to.
    It is no secret: whoever knows it can do nothing without the private key.
    """

    token = models.CharField(max_length=43, unique=True)
    spki = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(used_at__lt=F("expires_at")),
                name="keychallenge_used_in_time",
            )
        ]

    def __str__(self) -> str:
        return self.token
