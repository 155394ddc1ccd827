"""Challenges for proving possession of a private key."""

from django.db import models
from django.db.models import F, Q

from certportal.foundation.database.kept_tables import Ordinary


class KeyChallenge(models.Model):
    """A challenge to be signed with one private key, once and before it expires.

    `token` is 256 random bits in base64url; `spki` is the DER of the public key it is bound to.
    The token is not secret: it is useless without the private key.
    """

    token = models.CharField(max_length=43, unique=True)
    spki = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    keeping = Ordinary("a question that lives for minutes; what it proved is an event")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(used_at__lt=F("expires_at")),
                name="keychallenge_used_in_time",
            )
        ]
