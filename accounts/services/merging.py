"""Making one person of two: the same human, recognised in two ways."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Person, StaffRole, User
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused


class NotMergeable(Refused):
    """The two are one already, or one of them has been merged away."""


@transaction.atomic
def merge(gone: Person, *, into: Person, actor: Actor, now: datetime) -> None:
    """Let `gone` be `into` from now on: its logins, memberships and roles become the other's.

    What both of them have, only `into` keeps. Acts of the past stay with the key they were
    recorded under. Raises NotMergeable.
    """
    pair = Person.objects.select_for_update().filter(pk__in=[gone.pk, into.pk], merged_into=None)
    if len(pair) != 2:
        raise NotMergeable(_("The persons cannot be merged."))
    _hand_over_memberships(gone, into, now)
    _hand_over_roles(gone, into, now)
    User.objects.filter(person=gone).update(person=into)
    gone.merged_into = into
    gone.save(update_fields=["merged_into"])
    events.record(
        "person.merged",
        actor=actor,
        now=now,
        object_type="person",
        object_id=gone.pk,
        data={"into": str(into.pk)},
    )


def _hand_over_memberships(gone: Person, into: Person, now: datetime) -> None:
    current = Membership.objects.filter(ended_at=None)
    for membership in current.filter(person=gone):
        if current.filter(person=into, organisation=membership.organisation_id).exists():
            membership.ended_at = now
        else:
            membership.person = into
        membership.save(update_fields=["person", "ended_at"])


def _hand_over_roles(gone: Person, into: Person, now: datetime) -> None:
    current = StaffRole.objects.filter(ended_at=None)
    for role in current.filter(person=gone):
        if current.filter(person=into, kind=role.kind).exists():
            role.ended_at = now
        else:
            role.person = into
        role.save(update_fields=["person", "ended_at"])
