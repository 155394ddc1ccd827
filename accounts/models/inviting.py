"""Ways into an account that exists: invitations, and the wish to be invited."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from accounts.models.organisations import Membership, Organisation
from accounts.models.people import Person
from certportal.foundation import tokens


class Invitation(models.Model):
    """An invitation to act for an organisation, mailed as a link that one person can use once.

    The token is derived from the key and `sent`, the number of mailings, so that sending again
    makes a new one; only its hash is stored.
    """

    LASTS = timedelta(days=14)

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("invitation", "Waiting for an answer")
        ACCEPTED = "accepted", pgettext_lazy("invitation", "Accepted")
        REVOKED = "revoked", pgettext_lazy("invitation", "Cancelled")
        EXPIRED = "expired", pgettext_lazy("invitation", "Expired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="invitations")
    email = models.EmailField()
    language = models.CharField(max_length=2, default="fi")
    role = models.CharField(max_length=20, choices=Membership.Role)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    sent = models.PositiveSmallIntegerField(default=1)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        """Return the role; the address is nobody's business."""
        return str(self.role)

    @property
    def token(self) -> str:
        """The present token, for the mail only."""
        return tokens.derived("invitation", f"{self.pk}:{self.sent}")

    def state(self, now: datetime) -> State:
        """Return what has become of the invitation by now."""
        if self.accepted_at is not None:
            return self.State.ACCEPTED
        if self.revoked_at is not None:
            return self.State.REVOKED
        return self.State.EXPIRED if self.expires_at <= now else self.State.WAITING


class JoinRequest(models.Model):
    """The wish of a person to be invited to the account of an organisation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="join_requests")
    person = models.ForeignKey(Person, models.PROTECT, related_name="join_requests")
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(settled_at=None),
                name="one_open_join_request",
            ),
        ]

    def __str__(self) -> str:
        """Return the time."""
        return f"{self.asked_at}"
