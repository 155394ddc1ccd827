"""Joining an existing account: invitations, and requests to be invited."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from accounts.models.organisations import Membership, Organisation
from accounts.models.people import Person
from certportal.foundation.database.kept_tables import Kept, Ordinary
from certportal.foundation.web import tokens


class Invitation(models.Model):
    """An invitation to act for an organisation, mailed as a link that one person can use once.

    The token is derived from the primary key and `sent`, the number of mailings, so that each
    mailing has a new token; only its hash is stored.
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

    keeping = Kept(
        until_closed=[
            *["made_by", "sent", "token_hash", "expires_at"],
            *["accepted_by", "accepted_at", "revoked_at"],
        ],
        closed="OLD.accepted_at IS NOT NULL",
        erased=["email"],
        deletable="OLD.accepted_at IS NULL",
    )

    class Meta:
        ordering = ["-made_at"]

    @property
    def event_data(self) -> dict[str, Any]:
        return {"role": self.role, "sent": self.sent}

    @property
    def token(self) -> str:
        """The current token, for use in the mail only."""
        return tokens.derived("invitation", f"{self.pk}:{self.sent}")

    def state(self, now: datetime) -> State:
        if self.accepted_at is not None:
            return self.State.ACCEPTED
        if self.revoked_at is not None:
            return self.State.REVOKED
        return self.State.EXPIRED if self.expires_at <= now else self.State.WAITING


class JoinRequest(models.Model):
    """A person's request to be invited to an organisation's account.

    It is settled only when the person joins the account or takes the request back, or the account
    is closed; an invitation that is cancelled or expires leaves it open.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="join_requests")
    person = models.ForeignKey(Person, models.PROTECT, related_name="join_requests")
    asked_at = models.DateTimeField()
    # When the person last repeated the request and the administrators were notified again.
    asked_again_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    keeping = Ordinary("a wish that is settled by joining the account, and removed after a year")

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(settled_at=None),
                name="one_open_join_request",
            ),
        ]
