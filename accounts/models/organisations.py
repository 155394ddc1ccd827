"""Organisations, their business IDs, and who may act for them on what basis."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Person


class Organisation(models.Model):
    """A customer account. Its key is its own; business IDs come and go with dates."""

    class Kind(models.TextChoices):
        PROVIDER = "provider"
        INTERMEDIARY = "intermediary"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PROVIDER)
    name = models.CharField(max_length=300)
    founded_at = models.DateTimeField()
    founded_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        """Return the name the register gave at founding or at its last change."""
        return self.name


class BusinessId(models.Model):
    """A business ID that an organisation has, or had, from one day to another."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="business_ids")
    code = models.CharField(max_length=9)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(valid_to=None),
                name="one_account_per_business_id",
            ),
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(valid_to=None),
                name="one_current_business_id",
            ),
        ]

    def __str__(self) -> str:
        """Return the business ID."""
        return self.code


class Membership(models.Model):
    """A person's right to act for an organisation, in a role, on a basis, for a time."""

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

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    basis = models.CharField(max_length=20, choices=Basis)
    # What the person stated at founding; `basis` is what the authority holds for true.
    stated_basis = models.CharField(max_length=20, choices=Basis, blank=True)
    basis_detail = models.CharField(max_length=300, blank=True)
    # By what a reviewer saw the right, when it was the reviewer who confirmed it.
    basis_note = models.CharField(max_length=300, blank=True)
    confirmed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(ended_at=None),
                name="one_membership_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        """Return the role."""
        return str(self.role)
