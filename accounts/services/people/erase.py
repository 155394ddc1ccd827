"""Erasing people who have nothing to do with the service any more."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import (
    AdministratorRequest,
    EmailCode,
    Identifier,
    Invitation,
    JoinRequest,
    Membership,
    Person,
    RightDocument,
    SignOn,
    StaffRole,
    User,
)
from accounts.services import showing
from certportal.foundation import events
from certportal.foundation.actors import system


def erase_persons(limit: datetime, *, in_use: Collection[UUID], now: datetime) -> None:
    """Erase the persons whose last membership or role ended before the limit.

    `in_use` are persons that records above this app still name; they and those that have been
    merged with them stay.
    """
    for person in gone(limit).exclude(pk__in=in_use).exclude(merged_from__in=in_use):
        if person.merged_into_id not in in_use:
            erase_person(person.pk, now=now)


def gone(limit: datetime) -> QuerySet[Person]:
    """Return the persons with a name who were made, and last held anything, before the limit."""
    lately = Q(ended_at=None) | Q(ended_at__gte=limit)
    members = Membership.objects.filter(lately).values("person")
    staff = StaffRole.objects.filter(lately).values("person")
    named = Person.objects.exclude(given_name="", family_name="")
    old = named.filter(created_at__lt=limit).exclude(logins__last_login__gte=limit)
    return old.exclude(pk__in=members).exclude(pk__in=staff)


@transaction.atomic
def erase_person(person_id: UUID, *, now: datetime) -> None:
    """Blank the person's name and address, forget how to recognise them, close the logins.

    Should the same human come back, they are a new person.
    """
    person = Person.objects.select_for_update().get(pk=person_id)
    person.given_name = person.family_name = person.email = ""
    person.email_verified_at = None
    person.save(update_fields=["given_name", "family_name", "email", "email_verified_at"])
    Identifier.objects.filter(person=person).delete()
    EmailCode.objects.filter(person=person).delete()
    JoinRequest.objects.filter(person=person).delete()
    SignOn.objects.filter(person=person).delete()
    Authenticator.objects.filter(user__person=person).delete()
    showing.erase(RightDocument.objects.filter(person=person))
    AdministratorRequest.objects.filter(person=person).update(reason="", reasons="")
    Invitation.objects.filter(accepted_by=person).update(email="")
    Membership.objects.filter(person=person).update(basis_detail="", basis_note="")
    User.objects.filter(person=person).update(email="", is_active=False)
    events.record(
        "person.erased",
        actor=system("retention"),
        now=now,
        object_type="person",
        object_id=person.pk,
    )


def erase_documents(limit: datetime) -> None:
    """Remove the documents about rights to act that were handed in before the limit."""
    showing.erase(RightDocument.objects.filter(handed_in_at__lt=limit))


def erase_sessions(limit: datetime) -> None:
    """Remove sessions that began before the limit; one whose row is gone is ended."""
    SignOn.objects.filter(begun_at__lt=limit).delete()


def erase_codes(limit: datetime) -> None:
    """Remove the mailed codes that ended, used or not, before the limit."""
    EmailCode.objects.filter(Q(ended_at__lt=limit) | Q(expires_at__lt=limit)).delete()


def erase_invitations(limit: datetime) -> None:
    """Remove invitations never accepted, and requests to join, that are older than the limit."""
    Invitation.objects.filter(accepted_at=None, expires_at__lt=limit).delete()
    JoinRequest.objects.filter(asked_at__lt=limit).delete()
