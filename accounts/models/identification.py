"""State of identification: SAML answers received, and sessions of identified people."""

import uuid

from django.db import models

from accounts.models.people import Person
from certportal.foundation.database.kept_tables import Ordinary


class Arrival(models.Model):
    """A verified SAML answer that waits for the browser's own session to fetch it.

    `content` is emptied when it is fetched. The row stays until `expires_at`, because its
    assertion must not be used again as long as it is valid (SAML 2.0 Profiles, 4.1.4.5).
    """

    # SHA-256 of the assertion's ID and of the token that fetches it.
    assertion = models.CharField(max_length=64, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    content = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    keeping = Ordinary("an answer on its way to the browser, removed when it cannot be used again")


class SignOn(models.Model):
    """A session of an identified person; once its row has ended, requests in it are anonymous.

    `name_digest` and `index_digest` are hashes of the SAML NameID and SessionIndex, by which the
    provider can end the session. `renew`: the person's rights have changed, so the session gets
    a new id at the next request.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="sign_ons")
    name_digest = models.CharField(max_length=64, blank=True)
    index_digest = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    browser = models.CharField(max_length=80, blank=True)
    address = models.GenericIPAddressField(null=True)
    renew = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)

    keeping = Ordinary("sessions, removed a week after they began; logging in is an event")

    class Meta:
        indexes = [models.Index(fields=["name_digest"], name="sign_on_name")]
