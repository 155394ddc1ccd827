"""People, their identifiers, mailed codes, logins and staff roles."""

import uuid
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from certportal.foundation.database.kept_tables import ALWAYS, Kept, Ordinary
from certportal.foundation.database.row_digests import digest_of
from certportal.foundation.database.statements import execute

_KEEP = """
WITH kept AS (SELECT id FROM accounts_person WHERE id = %s FOR KEY SHARE)
SELECT role FROM accounts_membership
WHERE person_id = (SELECT id FROM kept) AND organisation_id = %s AND ended_at IS NULL FOR SHARE
"""


class Person(models.Model):
    """A natural person, recognised by identifiers; acts and decisions refer to a person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    given_name = models.CharField(max_length=120)
    family_name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    email_verified_at = models.DateTimeField(null=True)
    # The marks (`address_mark`) of addresses that the person has verified, the present one among
    # them, however they are spelled: see `issuance.services.concerned`.
    former_addresses = ArrayField(models.CharField(max_length=80), default=list, db_default=[])
    language = models.CharField(max_length=2, default="fi")
    # The groups of mails (`MailChoice`) that the person declines, separated by spaces.
    declined_mails = models.CharField(max_length=100, blank=True, db_default="")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged_from")
    created_at = models.DateTimeField()

    keeping = Kept(
        changing=[
            *["given_name", "family_name", "email", "email_verified_at", "language"],
            *["former_addresses", "declined_mails", "merged_into"],
        ]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="person_not_in_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def current(self) -> "Person":
        """The person at the end of the chain of merges; this one if it was never merged."""
        person = self
        while person.merged_into is not None:
            person = person.merged_into
        return person

    def declines(self, choice: str) -> bool:
        """Whether the person declines the mails of the group (`MailChoice`)."""
        return choice in self.declined_mails.split()

    @cached_property
    def is_reviewer(self) -> bool:
        """Whether the person holds the reviewer's role, cached: for display only.

        Authorisation uses `access.is_reviewer`.
        """
        return self.staff_roles.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None).exists()

    def keep(self) -> None:
        """Keep the person's roles as they are until the transaction ends.

        Who takes a role, or merges the person, locks the row (`merge.lock_person`) and waits.
        """
        execute("SELECT 1 FROM accounts_person WHERE id = %s FOR KEY SHARE", [self.pk])

    def keep_membership(self, organisation_id: UUID) -> str:
        """Keep the person's membership as it is until the transaction ends; return its role, or "".

        The person first, as a merger locks them. Who changes memberships has locked the account
        before, and the orders on which a member may be acting (`reviewer.accounts`).
        """
        return next((role for (role,) in execute(_KEEP, [self.pk, organisation_id])), "")


def known_by(address: str, box: str, mark: str, record: str = "") -> Q:
    """People with the address, or who have replaced it by another.

    `box` and `mark` are the address's (`mailbox`, `address_mark`): it may be spelled otherwise than
    theirs. `record`: the lookup that leads to the person.
    """
    found = Q(**{f"{record}email__iexact": address}) | Q(**{f"{record}email__iexact": box})
    return found | Q(**{f"{record}former_addresses__contains": [mark]})


class Identifier(models.Model):
    """The keyed hash (HMAC) of a person's identity code (HETU) or eIDAS identifier."""

    class Kind(models.TextChoices):
        HETU = "hetu"
        EIDAS = "eidas"

    person = models.ForeignKey(Person, models.PROTECT, related_name="identifiers")
    kind = models.CharField(max_length=10, choices=Kind)
    key_version = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    # Deleted with the row, so that the event's digest leads to nobody once the row is erased.
    salt = models.UUIDField(db_default=RandomUUID(), editable=False)

    keeping = Kept(deletable=ALWAYS)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key_version", "digest"], name="identifier_of_one_person"
            )
        ]

    @property
    def sha256(self) -> str:
        """The digest of whom the row recognises by what, for its event."""
        recognised_by = [self.kind, self.key_version, self.digest, self.salt]
        return digest_of(self.pk, self.person_id, *recognised_by)


class EmailCode(models.Model):
    """A code mailed to an address to verify that the person reads it.

    The code is not stored: it is derived from the row's key and the service's secret key.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="email_codes")
    email = models.EmailField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    # The person's former address, for notifying it of the change; deleted with the row.
    replaced = models.EmailField(blank=True)
    # The invitation that the person accepts with the code, if it is for one.
    invitation = models.ForeignKey(
        "accounts.Invitation", models.CASCADE, null=True, related_name="codes"
    )

    keeping = Ordinary("codes on their way, removed two days after their end")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at=None), name="one_open_email_code"
            )
        ]


class User(AbstractBaseUser, PermissionsMixin):
    """A login. A person may have several; rights belong to the person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=150, unique=True)
    email = models.EmailField(blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="logins")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    event_type = "login"  # as events name it
    keeping = Kept(fixed=["id", "username", "date_joined"])

    objects = BaseUserManager["User"]()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        """Return the person's name, or the login name if there is no person."""
        return str(self.person) if self.person else self.username

    @property
    def is_reviewer(self) -> bool:
        """Whether the login's person holds the reviewer's role, cached: for display only."""
        return self.person is not None and self.person.is_reviewer


class StaffRole(models.Model):
    """A role of the authority's staff, held from `granted_at` to `ended_at`."""

    class Kind(models.TextChoices):
        REVIEWER = "reviewer"
        # Reads everything in the console and changes nothing.
        AUDITOR = "auditor"
        # A reviewer who is also told of cases whose promised day is near.
        LEAD = "lead"

    person = models.ForeignKey(Person, models.PROTECT, related_name="staff_roles")
    kind = models.CharField(max_length=20, choices=Kind)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    keeping = Kept(changing=["person"], once=["ended_at"])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(ended_at=None), name="staff_role_held_once"
            )
        ]
