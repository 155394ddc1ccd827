"""Roles of the authority's staff: reviewer, lead, auditor and superuser."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.models import Person, StaffRole, User
from accounts.services import mailing
from accounts.services.people import sessions
from accounts.services.people.merge import lock_person
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused

Kind = StaffRole.Kind
EXCLUDED_BY = {
    Kind.REVIEWER: (Kind.AUDITOR,),
    Kind.LEAD: (Kind.AUDITOR,),
    Kind.AUDITOR: (Kind.REVIEWER, Kind.LEAD),
}
"""For each role the roles that exclude it: auditors examine the acts of the others."""


class NotIdentified(Refused):
    """The person has no identifier from strong identification, or was merged into another."""

    message = _("A role is given only to a person who has been strongly identified.")


class OwnRole(NotAllowed):
    message = _("You cannot give the role to yourself. Somebody else must give it.")


class OtherRole(Refused):
    message = _("Nobody is reviewer and auditor at once. Take the other role away first.")


class NotSuperuser(NotAllowed):
    message = _("Only a superuser gives and takes the roles of the staff.")


class NotReviewer(Refused):
    message = _("Only a reviewer can lead the reviewers. Give the reviewer's role first.")


@transaction.atomic
def as_superuser(
    login: User, act: Callable[..., object], person: Person, *, actor: Actor, now: datetime
) -> None:
    """Do the act of this module, or of `second_factor`, on the person for a superuser's login.

    Raises what the act raises, and NotSuperuser if that right was taken meanwhile.
    """
    act(person, actor=actor, now=now)
    if not User.objects.filter(pk=login.pk, is_active=True, is_superuser=True).exists():
        raise NotSuperuser


@transaction.atomic
def grant_reviewer(person: Person, *, by: Person | None, actor: Actor, now: datetime) -> StaffRole:
    """Give the person the reviewer's role and notify the other reviewers.

    Does nothing if the person holds it. Raises NotIdentified, OtherRole, and OwnRole if `by` is the
    person.
    """
    role, made = _grant(Kind.REVIEWER, person, by, actor, now)
    if made:
        # So that a wrongly granted role is noticed.
        held = StaffRole.objects.filter(kind=role.kind, ended_at=None).exclude(pk=role.pk)
        others = [other.person for other in held.select_related("person")]
        mailing.tell_reviewers(others, "role_granted", role.pk, now=now)
    return role


@transaction.atomic
def grant_auditor(person: Person, *, by: Person | None, actor: Actor, now: datetime) -> StaffRole:
    """Give the person the auditor's role, for reading everything in the console.

    Does nothing if the person holds it. Raises as `grant_reviewer`.
    """
    return _grant(Kind.AUDITOR, person, by, actor, now)[0]


@transaction.atomic
def grant_lead(person: Person, *, by: Person | None, actor: Actor, now: datetime) -> StaffRole:
    """Let a reviewer lead the others. Raises NotReviewer, and what `grant_reviewer` raises."""
    reviewing = StaffRole.objects.filter(person=person, kind=Kind.REVIEWER, ended_at=None)
    if not reviewing.select_for_update().exists():
        raise NotReviewer
    return _grant(Kind.LEAD, person, by, actor, now)[0]


def _grant(
    kind: Kind, person: Person, by: Person | None, actor: Actor, now: datetime
) -> tuple[StaffRole, bool]:
    """Give the role unless the person holds it; return it and whether it was given now."""
    # Read under the lock: a concurrent merge would otherwise leave the role on the merged row.
    person = Person.objects.select_for_update().get(pk=person.pk)
    _require_identified(person)
    # Read anew: the giver may be the same human since a merger that has just ended.
    if by is not None and Person.objects.get(pk=by.pk).current == person:
        raise OwnRole
    held = StaffRole.objects.filter(person=person, ended_at=None)
    if held.filter(kind__in=EXCLUDED_BY[kind]).exists():
        raise OtherRole
    role, made = held.get_or_create(
        person=person, kind=kind, ended_at=None, defaults={"granted_at": now, "granted_by": by}
    )
    if made:
        events.record(AccountEvent.STAFF_ROLE_GRANTED, person, actor, now, role=role.kind)
        sessions.renew(person)
    return role, made


@transaction.atomic
def end_reviewer(person: Person, *, actor: Actor, now: datetime) -> None:
    """Take the reviewer's role, and the lead's, from the person and end their sessions.

    The reviewer's first: `grant_lead` locks that row too, so that no concurrent grant of the lead's
    role remains.
    """
    _end(Kind.REVIEWER, person, actor, now)
    _end(Kind.LEAD, person, actor, now)


@transaction.atomic
def end_lead(person: Person, *, actor: Actor, now: datetime) -> None:
    """Take the lead's role from the person and end their sessions, if they hold it."""
    _end(Kind.LEAD, person, actor, now)


@transaction.atomic
def end_auditor(person: Person, *, actor: Actor, now: datetime) -> None:
    """Take the auditor's role from the person and end their sessions, if they hold it."""
    _end(Kind.AUDITOR, person, actor, now)


def _end(kind: Kind, person: Person, actor: Actor, now: datetime) -> None:
    person = lock_person(person)  # a concurrent merger moves the role
    held = StaffRole.objects.select_for_update().filter(person=person, kind=kind, ended_at=None)
    for role in held:
        role.ended_at = now
        role.save(update_fields=["ended_at"])
        events.record(AccountEvent.STAFF_ROLE_ENDED, person, actor, now, role=role.kind)
        sessions.end_all(person, actor=actor, now=now)


@transaction.atomic
def make_superuser(login: User, *, actor: Actor, now: datetime) -> None:
    """Let the login give and take the staff's roles. Raises NotIdentified."""
    if login.person is None:
        raise NotIdentified
    _require_identified(login.person.current)
    login.is_staff = login.is_superuser = True
    login.save(update_fields=["is_staff", "is_superuser"])
    events.record(AccountEvent.LOGIN_MADE_SUPERUSER, login, actor, now)
    sessions.renew(login.person.current)


@transaction.atomic
def end_superuser(logins: Iterable[User], *, actor: Actor, now: datetime) -> None:
    """Take the superuser's right from the logins that have it, and end their sessions."""
    held = User.objects.select_for_update().filter(pk__in=[login.pk for login in logins])
    for login in held.filter(Q(is_staff=True) | Q(is_superuser=True)):
        login.is_staff = login.is_superuser = False
        login.save(update_fields=["is_staff", "is_superuser"])
        events.record(AccountEvent.LOGIN_SUPERUSER_ENDED, login, actor, now)
        if login.person is not None:
            sessions.end_all(login.person.current, actor=actor, now=now)


def _require_identified(person: Person) -> None:
    if person.merged_into_id is not None or not person.identifiers.exists():
        raise NotIdentified
