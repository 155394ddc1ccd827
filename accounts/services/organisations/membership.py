"""Members of an account and their roles: changing a role, removing a member, leaving."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.models import Invitation, Membership, Organisation, Person
from accounts.right_to_act import confirmed_administrators, is_shown
from accounts.services import mailing
from accounts.services.people import sessions
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused


class LastAdministrator(Refused):
    message = _(
        "An account must have at least one administrator. Make somebody else an"
        " administrator first."
    )


class NobodyConfirmed(LastAdministrator):
    """An administrator whom nobody has confirmed would leave, and nobody confirmed is left.

    Orders may rest on what they have said, so a reviewer looks at it.
    """

    message = _(
        "No reviewer has yet confirmed that you may act for this organisation, and its account has"
        " no administrator whose authority is confirmed. Contact us, and we will end your"
        " membership."
    )


class NoMember(Refused):
    status = 409

    message = _("The person no longer belongs to the account.")


class NotAdministrator(Refused):
    status = 409

    message = _("Only an administrator of the account can do this.")


class NotConfirmed(NotAllowed):
    message = _(
        "No reviewer has yet confirmed that you may act for this organisation, so you cannot"
        " administer its account or invite others. You can order certificates yourself; a reviewer"
        " will confirm your authority with the first order. A document that shows your authority"
        " speeds this up."
    )
    place = reverse_lazy("accounts:right")


@transaction.atomic
def change_role(
    membership_id: int, role: str, *, by: Person, actor: Actor, now: datetime
) -> Membership:
    """Give the member another role and notify them.

    When an administrator loses the role, their open invitations are cancelled. The right of `by`
    is checked under the account's lock: a concurrent request may have taken it. Raises
    LastAdministrator, NoMember, NotAdministrator and NotConfirmed.
    """
    membership = lock(membership_id)
    require_administrator(by, membership.organisation_id)
    if membership.role == role:
        return membership
    _keep_an_administrator(membership)
    earlier, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    events.record(AccountEvent.MEMBERSHIP_ROLE_CHANGED, membership, actor, now, earlier=earlier)
    if earlier == Membership.Role.ADMINISTRATOR:
        cancel_invitations(membership, actor, now)
    sessions.renew(membership.person)
    mailing.enqueue("role_changed", membership, language=membership.person.language, now=now)
    return membership


@transaction.atomic
def remove(membership_id: int, *, by: Person, actor: Actor, now: datetime) -> Membership:
    """End the membership and the person's sessions, and notify the person.

    Raises the errors of `change_role`.
    """
    membership = lock(membership_id)
    require_administrator(by, membership.organisation_id)
    _end_own(membership, AccountEvent.MEMBERSHIP_REMOVED, actor, now)
    sessions.end_all(membership.person, actor=actor, now=now)
    mailing.enqueue("membership_ended", membership, language=membership.person.language, now=now)
    return membership


@transaction.atomic
def leave(membership_id: int, *, actor: Actor, now: datetime) -> Membership:
    """End the actor's own membership and notify the confirmed administrators.

    Raises LastAdministrator and NoMember.
    """
    membership = lock(membership_id)
    _end_own(membership, AccountEvent.MEMBERSHIP_LEFT, actor, now)
    sessions.renew(membership.person)
    mailing.tell_administrators(membership.organisation, "member_left", membership, now=now)
    return membership


def lock(membership_id: int) -> Membership:
    """Lock the membership's account and return the membership as it is under the lock.

    The lock keeps two administrators from removing each other concurrently.

    Raises NoMember when the membership has ended.
    """
    membership = Membership.objects.select_related("person").get(pk=membership_id)
    lock_account(membership.organisation_id)
    membership.refresh_from_db()
    if membership.ended_at is not None:
        raise NoMember
    return membership


def lock_account(organisation_id: UUID) -> Organisation:
    """Lock the account until the transaction ends.

    Take this lock before locking an invitation, a membership or a request: one order prevents
    deadlocks. It does not keep others from inserting rows that refer to the account, such as the
    `ca` worker, which holds a lock of its own meanwhile.
    """
    return Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)


def lock_accounts(*accounts: Organisation) -> None:
    """Lock the accounts; a fixed order avoids deadlocks."""
    keys = [account.pk for account in accounts]
    list(Organisation.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))


def require_administrator(person: Person, organisation_id: UUID) -> None:
    """Raise NotAdministrator unless the person is an administrator of the locked account.

    Raises NotConfirmed if they are one whose right to act is not confirmed.
    """
    role = Membership.Role.ADMINISTRATOR
    current = person.memberships.filter(organisation=organisation_id, role=role, ended_at=None)
    own = current.select_related("person", "organisation").first()
    if own is None:
        raise NotAdministrator
    if not is_shown(own):
        raise NotConfirmed


def to_leave(membership: Membership) -> LastAdministrator | None:
    """Return what keeps the membership from ending from within the account, or None.

    Without it the account would have no confirmed administrator.
    """
    if membership.role != Membership.Role.ADMINISTRATOR:
        return None
    confirmed = confirmed_administrators(membership.organisation)
    if [each for each in confirmed if each.pk != membership.pk]:
        return None
    return LastAdministrator() if is_shown(membership) else NobodyConfirmed()


def _keep_an_administrator(membership: Membership) -> None:
    if refusal := to_leave(membership):
        raise refusal


def _end_own(membership: Membership, name: AccountEvent, actor: Actor, now: datetime) -> None:
    """End a locked membership from within the account, which must keep an administrator."""
    _keep_an_administrator(membership)
    end(membership, name, actor=actor, now=now)


def end(membership: Membership, name: AccountEvent, *, actor: Actor, now: datetime) -> None:
    """End the locked membership, record event `name`, cancel the member's open invitations."""
    membership.ended_at = now
    membership.save(update_fields=["ended_at"])
    events.record(name, membership, actor, now)
    cancel_invitations(membership, actor, now)


def cancel_invitations(membership: Membership, actor: Actor, now: datetime) -> None:
    """Cancel the member's open invitations: without the right to invite they must not work."""
    sent = membership.organisation.invitations.filter(made_by=membership.person_id)
    cancel_open(sent, actor, now)


def cancel_open(invitations: QuerySet[Invitation], actor: Actor, now: datetime) -> None:
    """Cancel those of the locked account's invitations that are open."""
    for invitation in invitations.filter(accepted_at=None, revoked_at=None).select_for_update():
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        events.record(AccountEvent.INVITATION_REVOKED, invitation, actor, now)
