"""Making one person of two: the same human, recognised in two ways."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    AdministratorRequest,
    Invitation,
    JoinRequest,
    Membership,
    Person,
    RightDocument,
    StaffRole,
    User,
)
from accounts.rights import is_unconfirmed
from accounts.services import sessions
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused

STRONGEST_FIRST: list[str] = [
    Membership.Role.ADMINISTRATOR,
    Membership.Role.APPLICANT,
    Membership.Role.TECHNICAL,
]
# What of a membership tells how the right was shown.
SHOWN_BY = (
    *["basis", "basis_note", "confirmed_by", "confirmed_at"],
    *["stated_basis", "basis_detail"],
)


class NotMergeable(Refused):
    """The two are one already, or one of them has been merged away."""


@transaction.atomic
def merge(gone: Person, *, into: Person, actor: Actor, now: datetime) -> None:
    """Let `gone` be `into` from now on: logins, memberships, roles, and what is still open.

    Open are the requests to join an account, and the invitations that wait for an answer. What
    both of them have, only `into` keeps. Acts of the past stay with the key they were recorded
    under. Both identify again. Raises NotMergeable.
    """
    pair = Person.objects.select_for_update().filter(pk__in=[gone.pk, into.pk], merged_into=None)
    if len(pair) != 2:
        raise NotMergeable(_("The persons cannot be merged."))
    _hand_over_memberships(gone, into, now)
    _hand_over_roles(gone, into, now)
    _hand_over_requests(gone, into, now)
    Invitation.objects.filter(made_by=gone, accepted_at=None).update(made_by=into)
    waiting = into.administrator_requests.filter(decided_at=None).values_list(
        "organisation", flat=True
    )
    asked = AdministratorRequest.objects.filter(person=gone)
    asked.filter(decided_at=None, organisation__in=list(waiting)).delete()
    asked.update(person=into)
    RightDocument.objects.filter(person=gone).update(person=into)
    User.objects.filter(person=gone).update(person=into)
    for one in (gone, into):
        sessions.end_all(one, actor=actor, now=now)
    gone.merged_into = into
    gone.save(update_fields=["merged_into"])
    # One step leads from every key of the human to the one that stays.
    Person.objects.filter(merged_into=gone).update(merged_into=into)
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
        kept = current.filter(person=into, organisation=membership.organisation_id).first()
        if kept is not None:
            _strengthen(kept, membership)
            membership.ended_at = now
        else:
            membership.person = into
        membership.save(update_fields=["person", "ended_at"])


def _strengthen(kept: Membership, other: Membership) -> None:
    """Let the membership that stays have the stronger role of the two, and the right if shown."""
    kept.role = min(kept.role, other.role, key=STRONGEST_FIRST.index)
    if is_unconfirmed(kept) and not is_unconfirmed(other):
        for name in SHOWN_BY:
            setattr(kept, name, getattr(other, name))
    kept.save(update_fields=["role", *SHOWN_BY])


def _hand_over_roles(gone: Person, into: Person, now: datetime) -> None:
    current = StaffRole.objects.filter(ended_at=None)
    for role in current.filter(person=gone):
        if current.filter(person=into, kind=role.kind).exists():
            role.ended_at = now
        else:
            role.person = into
        role.save(update_fields=["person", "ended_at"])


def _hand_over_requests(gone: Person, into: Person, now: datetime) -> None:
    """Whoever belongs to the account by now, or asks for it already, need not ask again."""
    waiting = JoinRequest.objects.filter(settled_at=None)
    for request in waiting.filter(person=gone):
        account = request.organisation_id
        member = Membership.objects.filter(person=into, organisation=account, ended_at=None)
        if member.exists() or waiting.filter(person=into, organisation=account).exists():
            request.settled_at = now
        else:
            request.person = into
        request.save(update_fields=["person", "settled_at"])
    settled = Membership.objects.filter(person=into, ended_at=None).values("organisation")
    waiting.filter(person=into, organisation__in=settled).update(settled_at=now)
