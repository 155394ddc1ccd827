"""Erasing data that is not needed any more: of people, documents, sessions and codes."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.event_names import AccountEvent
from accounts.models import (
    AccountDecision,
    AdministratorRequest,
    Arrival,
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
from accounts.services.document_files import remove_documents
from certportal.foundation import events
from certportal.foundation.actors import system


def erase_persons(limit: datetime, *, in_use: Collection[UUID], now: datetime) -> None:
    """Erase the persons whose last membership or role ended before the limit.

    `in_use`: keys of persons that records of other apps still refer to. They stay, and so do
    persons merged into or from them.
    """
    found = gone(limit).exclude(pk__in=in_use).exclude(merged_from__in=in_use)
    for key in list(found.values_list("pk", flat=True)):
        _erase_if_gone(key, limit, now)


def gone(limit: datetime) -> QuerySet[Person]:
    """Return not yet erased persons with no activity since the limit.

    That is: created and last logged in before it, and no membership or staff role since. Rows that
    were merged are one person: whoever logs in by the identifier of a merged row is that person.
    """
    lately = Q(ended_at=None) | Q(ended_at__gte=limit)
    lively = Person.objects.filter(
        Q(pk__in=Membership.objects.filter(lately).values("person"))
        | Q(pk__in=StaffRole.objects.filter(lately).values("person"))
        | Q(pk__in=User.objects.filter(last_login__gte=limit).values("person"))
        | Q(created_at__gte=limit)
    ).values("pk")
    named = Person.objects.exclude(given_name="", family_name="").values("pk")
    merged = Person.objects.exclude(merged_into=None)
    return (
        Person.objects.filter(merged_into=None)
        .filter(Q(pk__in=named) | Q(pk__in=merged.filter(pk__in=named).values("merged_into")))
        .exclude(pk__in=lively)
        .exclude(pk__in=merged.filter(pk__in=lively).values("merged_into"))
    )


@transaction.atomic
def _erase_if_gone(person_id: UUID, limit: datetime, now: datetime) -> None:
    """Erase the person, unless they have come back since they were listed.

    A membership, session or role that begins at this moment waits for the lock, or is seen.
    """
    Person.objects.select_for_update().get(pk=person_id)
    if gone(limit).filter(pk=person_id).exists():
        erase_person(person_id, now=now)


@transaction.atomic
def erase_person(person_id: UUID, *, now: datetime) -> None:
    """Blank the person's name and address, delete their identifiers and close their logins.

    So with the rows merged into it. Rows stay, since events refer to their keys. Somebody who
    returns becomes a new `Person`.
    """
    rows = Person.objects.select_for_update().filter(Q(pk=person_id) | Q(merged_into=person_id))
    for person in rows.order_by("pk"):
        person.given_name = person.family_name = person.email = person.declined_mails = ""
        person.email_verified_at, person.former_addresses = None, []
        names = ["given_name", "family_name", "declined_mails"]
        person.save(update_fields=[*names, "email", "email_verified_at", "former_addresses"])
        Identifier.objects.filter(person=person).delete()
        EmailCode.objects.filter(person=person).delete()
        JoinRequest.objects.filter(person=person).delete()
        SignOn.objects.filter(person=person).delete()
        Authenticator.objects.filter(user__person=person).delete()
        remove_documents(RightDocument.objects.filter(person=person))
        AdministratorRequest.objects.filter(person=person).update(reason="", reasons="")
        AccountDecision.objects.filter(membership__person=person).update(reasons="")
        Invitation.objects.filter(accepted_by=person).update(email="")
        Membership.objects.filter(person=person).update(basis_detail="", basis_note="")
        User.objects.filter(person=person).update(email="", is_active=False)
        events.record(AccountEvent.PERSON_ERASED, person, system("retention"), now)


def erase_documents(limit: datetime) -> None:
    """Delete the documents about rights to act that were handed in before the limit."""
    remove_documents(RightDocument.objects.filter(handed_in_at__lt=limit))


def erase_held_documents(limit: datetime) -> None:
    """Delete the documents whose forms have not been completed since the limit."""
    unsent = RightDocument.objects.filter(organisation=None)
    remove_documents(unsent.filter(handed_in_at__lt=limit))


def erase_sessions(limit: datetime) -> None:
    """Delete the rows of sessions that began before the limit, which also ends the sessions."""
    SignOn.objects.filter(begun_at__lt=limit).delete()


def erase_codes(limit: datetime) -> None:
    """Delete the mailed codes that were used, replaced or expired before the limit."""
    EmailCode.objects.filter(Q(ended_at__lt=limit) | Q(expires_at__lt=limit)).delete()


def erase_invitations(limit: datetime) -> None:
    """Delete unaccepted invitations and requests to join that are older than the limit."""
    Invitation.objects.filter(accepted_at=None, expires_at__lt=limit).delete()
    JoinRequest.objects.filter(asked_at__lt=limit).delete()


def forget_expired(*, now: datetime) -> None:
    """Delete expired Django sessions and expired answers of the identification provider.

    Data with a retention period is deleted by the nightly retention job instead.
    """
    Session.objects.filter(expire_date__lt=now).delete()
    Arrival.objects.filter(expires_at__lt=now).delete()
