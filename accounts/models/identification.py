"""What identification over SAML leaves behind: answers already used, and logins it can end."""

import uuid

from django.db import models

from accounts.models.people import Person


class Arrival(models.Model):
    """An answer of the provider, found true, that waits for the browser's own session to fetch it.

    `content` is emptied when it is fetched. The row stays until `expires_at`, because its
    assertion must not be used again as long as it is valid (SAML 2.0 Profiles, 4.1.4.5).
    """

    # SHA-256 of the assertion's ID and of the token that fetches it.
    assertion = models.CharField(max_length=64, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    content = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the time."""
        return f"{self.made_at}"


class SignOn(models.Model):
    """A login that the provider may end from its side, known there by a name and an index.

    Both are kept as hashes; a session whose row has ended, or is gone, is nobody's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="sign_ons")
    name_digest = models.CharField(max_length=64)
    index_digest = models.CharField(max_length=64)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["name_digest"], name="sign_on_name")]

    def __str__(self) -> str:
        """Return the time."""
        return f"{self.begun_at}"
