"""Who belongs to an account and in what role: changing, removing, leaving."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, Person
from accounts.services import sessions
from certportal.foundation import events, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused


class LastAdministrator(Refused):
    """An account always has an administrator."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _(
                "An account must have at least one administrator. Make somebody else an"
                " administrator first."
            )
        )


class NoMember(Refused):
    """The membership has ended meanwhile."""

    status = 409

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The person does not belong to the account any more."))


class NotAdministrator(Refused):
    """The person does not administer the account any more."""

    status = 409

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Only an administrator of the account can invite people to it."))


@transaction.atomic
def change_role(membership_id: int, role: str, *, actor: Actor, now: datetime) -> Membership:
    """Give the member another role and tell them. Raises LastAdministrator and NoMember.

    Invitations that a former administrator has sent, and that wait, are cancelled.
    """
    membership = _lock(membership_id)
    if membership.role == role:
        return membership
    _keep_an_administrator(membership)
    earlier, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    _record("membership.role_changed", membership, actor, now, earlier=earlier)
    if earlier == Membership.Role.ADMINISTRATOR:
        _cancel_invitations(membership, actor, now)
    sessions.renew(membership.person)
    mail_member(membership, "role_changed", now)
    return membership


@transaction.atomic
def remove(membership_id: int, *, actor: Actor, now: datetime) -> Membership:
    """End the membership and the person's sessions, and tell them.

    Raises LastAdministrator and NoMember.
    """
    membership = _end(membership_id, "membership.removed", actor, now)
    sessions.end_all(membership.person, actor=actor, now=now)
    mail_member(membership, "membership_ended", now)
    return membership


@transaction.atomic
def leave(membership_id: int, *, actor: Actor, now: datetime) -> Membership:
    """End one's own membership and tell the administrators. Raises LastAdministrator, NoMember."""
    membership = _end(membership_id, "membership.left", actor, now)
    sessions.renew(membership.person)
    for one in administrators(membership.organisation):
        outbox.enqueue(
            "person.mail",
            now=now,
            kind="member_left",
            id=str(membership.pk),
            language=one.person.language,
            to=str(one.person_id),
        )
    return membership


def administrators(organisation: Organisation) -> list[Membership]:
    """Return the present administrators of the account."""
    current = organisation.memberships.filter(ended_at=None, role=Membership.Role.ADMINISTRATOR)
    return list(current.select_related("person").order_by("begun_at"))


def mail_member(membership: Membership, kind: str, now: datetime) -> None:
    """Enqueue a mail of this kind about the membership to the member."""
    language = membership.person.language
    outbox.enqueue("person.mail", now=now, kind=kind, id=str(membership.pk), language=language)


def _lock(membership_id: int) -> Membership:
    """Lock the account, so that two administrators cannot remove each other at once."""
    membership = Membership.objects.select_related("person").get(pk=membership_id)
    lock_account(membership.organisation_id)
    membership.refresh_from_db()
    if membership.ended_at is not None:
        raise NoMember
    return membership


def lock_account(organisation_id: UUID) -> Organisation:
    """Lock the account until the end of the transaction: before any invitation or membership."""
    return Organisation.objects.select_for_update().get(pk=organisation_id)


def require_administrator(person: Person, organisation_id: UUID) -> None:
    """Raise NotAdministrator unless the person administers the locked account at this moment."""
    role = Membership.Role.ADMINISTRATOR
    mine = person.memberships.filter(organisation=organisation_id, role=role, ended_at=None)
    if not mine.exists():
        raise NotAdministrator


def is_last_administrator(membership: Membership) -> bool:
    """Whether the account would be without an administrator if this member went."""
    if membership.role != Membership.Role.ADMINISTRATOR:
        return False
    return len(administrators(membership.organisation)) < 2


def _keep_an_administrator(membership: Membership) -> None:
    if is_last_administrator(membership):
        raise LastAdministrator


def _end(membership_id: int, action: str, actor: Actor, now: datetime) -> Membership:
    membership = _lock(membership_id)
    _keep_an_administrator(membership)
    membership.ended_at = now
    membership.save(update_fields=["ended_at"])
    _record(action, membership, actor, now)
    _cancel_invitations(membership, actor, now)
    return membership


def _cancel_invitations(membership: Membership, actor: Actor, now: datetime) -> None:
    """Cancel what waits of the member's: who may not invite brings nobody in later either."""
    sent = membership.organisation.invitations.filter(made_by=membership.person_id)
    for invitation in sent.filter(accepted_at=None, revoked_at=None).select_for_update():
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        events.record(
            "invitation.revoked",
            actor=actor,
            now=now,
            object_type="invitation",
            object_id=invitation.pk,
            organisation_id=membership.organisation_id,
            data={"role": invitation.role, "sent": invitation.sent},
        )


def _record(action: str, membership: Membership, actor: Actor, now: datetime, **data: str) -> None:
    events.record(
        action,
        actor=actor,
        now=now,
        object_type="membership",
        object_id=membership.pk,
        organisation_id=membership.organisation_id,
        data={"person": str(membership.person_id), "role": membership.role, **data},
    )
