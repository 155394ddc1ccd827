"""People, what they are recognised by, their logins, and the roles of the authority's own."""

import uuid

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from accounts.managers import UserManager


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
    # The address that was in use until this code was typed; told of it, and gone with the row.
    replaced = models.EmailField(blank=True)

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
