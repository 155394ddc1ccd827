"""People, their logins and roles, the organisations they act for, and on what basis."""

import uuid
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.managers import UserManager
from certportal.foundation import tokens


class Person(models.Model):
    """A natural person, recognised by identifiers; every act and decision is a person's act."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    given_name = models.CharField(max_length=120)
    family_name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    email_verified_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=2, default="fi")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged_from")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="person_not_in_itself"),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return f"{self.given_name} {self.family_name}".strip()

    @cached_property
    def is_reviewer(self) -> bool:
        """Whether the person holds the reviewer's role; for pages. Decisions ask `access`."""
        return self.staff_roles.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None).exists()


class Identifier(models.Model):
    """What a person is recognised by: the keyed hash of an identity code or eIDAS identifier."""

    class Kind(models.TextChoices):
        HETU = "hetu"
        EIDAS = "eidas"

    person = models.ForeignKey(Person, models.PROTECT, related_name="identifiers")
    kind = models.CharField(max_length=10, choices=Kind)
    key_version = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key_version", "digest"],
                name="identifier_of_one_person",
            ),
        ]

    def __str__(self) -> str:
        """Return the kind; the digest is nobody's business."""
        return str(self.kind)


class EmailCode(models.Model):
    """A code mailed to an address to show that the person reads it.

    The code itself is nowhere: it is derived from the row's key and the service's secret key.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="email_codes")
    email = models.EmailField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(ended_at=None),
                name="one_open_email_code",
            ),
        ]

    def __str__(self) -> str:
        """Return the key; the address is nobody's business."""
        return str(self.pk)


class User(AbstractBaseUser, PermissionsMixin):
    """A login. Several may point to one person; rights follow the person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=150, unique=True)
    email = models.EmailField(blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="logins")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        """Return the person's name; a login without a person has only its own."""
        return str(self.person) if self.person else self.username

    @property
    def is_reviewer(self) -> bool:
        """Whether the person behind the login holds the reviewer's role; for pages."""
        return self.person is not None and self.person.is_reviewer


class StaffRole(models.Model):
    """A role of the authority's own people, held from one moment to another."""

    class Kind(models.TextChoices):
        REVIEWER = "reviewer"

    person = models.ForeignKey(Person, models.PROTECT, related_name="staff_roles")
    kind = models.CharField(max_length=20, choices=Kind)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=Q(ended_at=None),
                name="staff_role_held_once",
            ),
        ]

    def __str__(self) -> str:
        """Return the role."""
        return str(self.kind)


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
