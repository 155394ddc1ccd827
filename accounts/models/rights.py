"""Documents that show rights to act, requests to be administrator, and decisions on accounts."""

import uuid
from typing import Any

from django.db import models
from django.utils.translation import pgettext_lazy

from accounts.models.organisations import Membership, Organisation
from accounts.models.people import Person
from certportal.foundation.database.kept_tables import ALWAYS, Kept


class RightDocument(models.Model):
    """A PDF that shows a person's right to act, stored privately; the bytes never change.

    `name` is the uploaded file's name, cleaned, for display only. `organisation` is null while the
    form in which the document was chosen is not complete (`documents.hold`); `held_by` is that
    form, and no other takes the document.
    """

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="right_documents", null=True
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="right_documents")
    file = models.FileField(max_length=60)
    name = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    handed_in_at = models.DateTimeField()
    held_by = models.CharField(max_length=80, blank=True, db_default="")

    keeping = Kept(changing=["person"], deletable=ALWAYS)

    class Meta:
        ordering = ["-handed_in_at", "-pk"]

    @property
    def event_data(self) -> dict[str, Any]:
        return {"sha256": self.sha256, "size": self.size}

    def __str__(self) -> str:
        return self.name


class AdministratorRequest(models.Model):
    """A person's request to be made administrator, because no administrator can be reached.

    Requester and decision are kept; the texts are blanked at the end of their retention period.
    """

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="administrator_requests"
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="administrator_requests")
    reason = models.TextField()
    asked_at = models.DateTimeField()
    granted = models.BooleanField(default=False)
    reasons = models.TextField(blank=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    keeping = Kept(
        changing=["person"],
        until_closed=["granted", "reasons", "decided_by", "decided_at"],
        closed="OLD.decided_at IS NOT NULL",
        erased=["reason", "reasons"],
        # When two persons with open requests are merged, one request is deleted.
        deletable="OLD.decided_at IS NULL",
    )

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=models.Q(decided_at=None),
                name="one_open_administrator_request",
            ),
        ]

    @property
    def is_taken_back(self) -> bool:
        """Whether the requester closed it, also if they have been merged with another person since.

        A reviewer's decision has reasons, and so stays a decision even if the reviewer is later
        merged with the requester.
        """
        if self.decided_by is None or self.granted or self.reasons:
            return False
        return (self.decided_by.merged_into_id or self.decided_by_id) == self.person_id

    @property
    def event_data(self) -> dict[str, Any]:
        return {"person": str(self.person_id)}


class AccountDecision(models.Model):
    """A reviewer's decision about an account or one of its memberships, with reasons.

    The decision is kept; the reasons are blanked at the end of their retention period. `followed`
    has the numbers of consequences by kind: see `applications.services.reviewer.accounts`.
    """

    class Kind(models.TextChoices):
        MEMBERSHIP_ENDED = "membership_ended", pgettext_lazy("decision", "Membership ended")
        RIGHT_WITHDRAWN = "right_withdrawn", pgettext_lazy("decision", "Confirmation withdrawn")
        CLOSED = "closed", pgettext_lazy("decision", "Account closed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="decisions")
    membership = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="decisions")
    reasons = models.TextField()
    decided_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    followed = models.JSONField(default=dict)

    keeping = Kept(erased=["reasons"], once=["followed"])

    class Meta:
        ordering = ["-at"]
