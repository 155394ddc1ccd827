"""Organisations, their business IDs and memberships."""

import uuid
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Person, known_by
from certportal.foundation.database.kept_tables import Kept
from certportal.foundation.database.related_rows import rows_of
from certportal.foundation.database.row_digests import digest_of


class Organisation(models.Model):
    """An organisation and its customer account.

    Identified by its own key, because its business ID can change (see `BusinessId`).
    """

    class Kind(models.TextChoices):
        PROVIDER = "provider"
        INTERMEDIARY = "intermediary"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PROVIDER)
    name = models.CharField(max_length=300)
    founded_at = models.DateTimeField()
    founded_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    keeping = Kept(changing=["name", "kind"])

    class Meta:
        indexes = [models.Index(fields=["-founded_at", "id"], name="organisations_by_age")]

    @property
    def organisation_id(self) -> UUID:
        """Return the key of the account that events about the organisation belong to."""
        return self.pk

    @property
    def is_closed(self) -> bool:
        """Whether the account was closed or merged into another: it has no current business ID."""
        return not self.business_id

    @property
    def business_id(self) -> str:
        """The current business ID, empty where there is none."""
        current = (each.code for each in rows_of(self, "business_ids") if each.valid_to is None)
        return next(current, "")

    def __str__(self) -> str:
        """Return the name in the register at founding or at the last change."""
        return self.name


class BusinessId(models.Model):
    """A business ID of an organisation with its period; `valid_to` is None while current."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="business_ids")
    code = models.CharField(max_length=9)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    keeping = Kept(once=["valid_to"])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(valid_to=None), name="one_account_per_business_id"
            ),
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(valid_to=None), name="one_current_business_id"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @classmethod
    def holder(cls, code: str) -> Organisation | None:
        """Return the account that currently holds the business ID, or None."""
        current = cls.objects.select_related("organisation").filter(code=code, valid_to=None)
        return next((found.organisation for found in current), None)


class Membership(models.Model):
    """A person's right to act for an organisation, with role, basis and period."""

    class Role(models.TextChoices):
        ADMINISTRATOR = "administrator", _("Administrator")
        APPLICANT = "applicant", _("Applicant")
        TECHNICAL = "technical", _("Technical member")

    class Basis(models.TextChoices):
        REGISTER_ROLE = "register_role", _("Role in a register")
        MANDATE = "mandate", _("Mandate")
        INVITATION = "invitation", _("Invitation")
        REVIEWER_DECISION = "reviewer_decision", _("Reviewer's decision")
        UNVERIFIED = "unverified", _("Unverified")

    # Bases that prove no right by themselves: the founder's own statement, and an invitation.
    UNCONFIRMED = (Basis.UNVERIFIED, Basis.INVITATION)

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    basis = models.CharField(max_length=20, choices=Basis)
    # The person's own statement at founding; `basis` is what the authority accepts as true.
    stated_basis = models.CharField(max_length=20, choices=Basis, blank=True)
    basis_detail = models.CharField(max_length=300, blank=True)
    # The evidence: a reviewer's note, or details from the source of mandates.
    basis_note = models.CharField(max_length=300, blank=True)
    confirmed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    # The last day of a confirmation on the person's word alone; None for better evidence.
    confirmed_until = models.DateField(null=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    keeping = Kept(
        # The person changes at a merge; the basis when a right is confirmed or withdrawn.
        changing=[
            *["person", "role", "basis", "stated_basis", "basis_detail", "basis_note"],
            *["confirmed_by", "confirmed_at", "confirmed_until"],
        ],
        once=["ended_at"],
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(ended_at=None),
                name="one_membership_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation"], condition=Q(basis="unverified"), name="unverified_rights"
            ),
            models.Index(
                fields=["confirmed_until"],
                condition=Q(confirmed_until__isnull=False),
                name="rights_with_a_last_day",
            ),
        ]

    @property
    def event_data(self) -> dict[str, Any]:
        return {"person": str(self.person_id), "role": self.role, "sha256": self.sha256}

    @property
    def sha256(self) -> str:
        """The digest of who may act for whom, as what and by whose confirmation, for events."""
        return digest_of(
            *[self.pk, self.person_id, self.organisation_id, self.role, self.basis],
            *[self.confirmed_by_id, self.confirmed_at, self.confirmed_until],
            *[self.stated_basis, self.begun_at, self.ended_at],
        )

    @property
    def is_unconfirmed(self) -> bool:
        """Whether the membership's own basis is unconfirmed (see `accounts.right_to_act`)."""
        return self.basis in self.UNCONFIRMED

    @property
    def is_weak(self) -> bool:
        """Whether the right was confirmed on the person's word alone, for a limited time."""
        return self.confirmed_until is not None


def reached_by(address: str, box: str, mark: str) -> Q:
    """Memberships of people with the address, or who have replaced it by another (`known_by`).

    Also by the address of a record that was merged into the person's. What was named by an address
    stays the person's.
    """
    records = ("person__", "person__merged_from__")
    own, merged = (known_by(address, box, mark, record) for record in records)
    return own | merged
