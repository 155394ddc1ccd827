"""Roles of the authority's own people."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, StaffRole, User
from accounts.services import people, sessions
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused


class NotIdentified(Refused):
    """Nobody has identified strongly as this person, or it has been merged into another."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("A role is given only to a person who has identified strongly."))


@transaction.atomic
def grant_reviewer(person: Person, *, by: Person | None, actor: Actor, now: datetime) -> StaffRole:
    """Give the person the reviewer's role; one who holds it already keeps it as it is.

    Raises NotIdentified.
    """
    _require_identified(person)
    Person.objects.select_for_update().get(pk=person.pk)
    role, made = StaffRole.objects.get_or_create(
        person=person,
        kind=StaffRole.Kind.REVIEWER,
        ended_at=None,
        defaults={"granted_at": now, "granted_by": by},
    )
    if made:
        _record("staff_role.granted", role, actor, now)
        sessions.renew(person)
    return role


@transaction.atomic
def end_reviewer(person: Person, *, actor: Actor, now: datetime) -> None:
    """Take the reviewer's role from the person, whose sessions end; without it nothing happens."""
    held = StaffRole.objects.select_for_update().filter(
        person=person, kind=StaffRole.Kind.REVIEWER, ended_at=None
    )
    for role in held:
        role.ended_at = now
        role.save(update_fields=["ended_at"])
        _record("staff_role.ended", role, actor, now)
        sessions.end_all(person, actor=actor, now=now)


@transaction.atomic
def make_superuser(login: User, *, actor: Actor, now: datetime) -> None:
    """Open the settings admin, with every right in it, to the login. Raises NotIdentified."""
    if login.person is None:
        raise NotIdentified
    _require_identified(people.present(login.person))
    login.is_staff = login.is_superuser = True
    login.save(update_fields=["is_staff", "is_superuser"])
    events.record(
        "login.made_superuser", actor=actor, now=now, object_type="login", object_id=login.pk
    )
    sessions.renew(people.present(login.person))


@transaction.atomic
def end_superuser(logins: Iterable[User], *, actor: Actor, now: datetime) -> None:
    """Close the settings admin to the logins, whose sessions end; else nothing happens."""
    held = User.objects.select_for_update().filter(pk__in=[login.pk for login in logins])
    for login in held.filter(Q(is_staff=True) | Q(is_superuser=True)):
        login.is_staff = login.is_superuser = False
        login.save(update_fields=["is_staff", "is_superuser"])
        events.record(
            "login.superuser_ended", actor=actor, now=now, object_type="login", object_id=login.pk
        )
        if login.person is not None:
            sessions.end_all(people.present(login.person), actor=actor, now=now)


def _require_identified(person: Person) -> None:
    if person.merged_into_id is not None or not person.identifiers.exists():
        raise NotIdentified


def _record(action: str, role: StaffRole, actor: Actor, now: datetime) -> None:
    events.record(
        action,
        actor=actor,
        now=now,
        object_type="person",
        object_id=role.person_id,
        data={"role": role.kind},
    )
