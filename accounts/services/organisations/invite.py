"""Invitations to an account: single use, expiring, revocable, sent again with a new token."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation, JoinRequest, Membership, Organisation, Person
from accounts.services import membership as members
from accounts.services import sessions
from certportal.foundation import events, limits, outbox, tokens
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, Stale

MOST_A_DAY = 50
MOST_A_DAY_FROM = 300
MOST_GUESSES_AN_HOUR = 30


class NotWaiting(Stale):
    """The invitation has been accepted, cancelled or has expired."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The invitation is no longer valid. Ask for a new one."))


class AlreadyMember(Refused):
    """The person belongs to the account."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("You already belong to the customer account of this organisation."))


@transaction.atomic
def invite(
    organisation: Organisation,
    email: str,
    *,
    role: str,
    language: str,
    by: Person,
    actor: Actor,
    now: datetime,
) -> Invitation:
    """Mail an invitation to the address; one that still waits there is cancelled.

    Requests to join by the person who reads that address are settled. Raises TooMany, and
    NotAdministrator when `by` lost the right at this very moment: an invitation outlives no right.
    """
    _spend(organisation, actor, now)
    members.lock_account(organisation.pk)
    members.require_administrator(by, organisation.pk)
    waiting = organisation.invitations.filter(email__iexact=email, accepted_at=None)
    waiting.filter(revoked_at=None).update(revoked_at=now)
    invitation = Invitation(
        organisation=organisation,
        email=email,
        language=language,
        role=role,
        made_by=by,
        made_at=now,
        expires_at=now + Invitation.LASTS,
    )
    invitation.token_hash = tokens.digest(invitation.token)
    invitation.save()
    asked = JoinRequest.objects.filter(organisation=organisation, settled_at=None)
    asked.filter(person__email__iexact=email).update(settled_at=now)
    _record("invitation.made", invitation, actor, now)
    _mail(invitation, now)
    return invitation


@transaction.atomic
def resend(invitation_id: UUID, *, actor: Actor, now: datetime) -> Invitation:
    """Mail the invitation with a new token and a new term; the earlier link is dead.

    Raises NotWaiting for one accepted or cancelled, and TooMany.
    """
    invitation = _lock(invitation_id)
    if invitation.state(now) not in {Invitation.State.WAITING, Invitation.State.EXPIRED}:
        raise NotWaiting
    _spend(invitation.organisation, actor, now)
    invitation.sent += 1
    invitation.token_hash = tokens.digest(invitation.token)
    invitation.expires_at = now + Invitation.LASTS
    invitation.save(update_fields=["sent", "token_hash", "expires_at"])
    _record("invitation.resent", invitation, actor, now)
    _mail(invitation, now)
    return invitation


@transaction.atomic
def revoke(invitation_id: UUID, *, actor: Actor, now: datetime) -> Invitation:
    """Cancel the invitation. Raises NotWaiting when it has been accepted or cancelled."""
    invitation = _lock(invitation_id)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise NotWaiting
    invitation.revoked_at = now
    invitation.save(update_fields=["revoked_at"])
    _record("invitation.revoked", invitation, actor, now)
    return invitation


def find(token: str, *, address: str, now: datetime) -> Invitation | None:
    """Return the invitation of the token, or None. Wrong tokens are counted: raises TooMany."""
    found = Invitation.objects.select_related("organisation", "made_by")
    invitation = found.filter(token_hash=tokens.digest(token)).first()
    if invitation is None:
        hour = timedelta(hours=1)
        limits.spend_from("token_guess", address, most=MOST_GUESSES_AN_HOUR, per=hour, now=now)
    return invitation


@transaction.atomic
def accept(
    invitation_id: UUID, token: str, *, person: Person, actor: Actor, now: datetime
) -> Membership:
    """Make the identified person a member; the invitation is used up, also for two at once.

    Raises NotWaiting and AlreadyMember (which leaves the invitation as it is).
    """
    account = Invitation.objects.values_list("organisation_id", flat=True).get(pk=invitation_id)
    members.lock_account(account)
    invitation = _lock(invitation_id)
    right = invitation.token_hash == tokens.digest(token)
    if not right or invitation.state(now) != Invitation.State.WAITING:
        raise NotWaiting
    if person.memberships.filter(organisation=invitation.organisation, ended_at=None).exists():
        raise AlreadyMember
    invitation.accepted_by, invitation.accepted_at = person, now
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    membership = Membership.objects.create(
        person=person,
        organisation=invitation.organisation,
        role=invitation.role,
        basis=Membership.Basis.INVITATION,
        begun_at=now,
    )
    sessions.renew(person)
    settled = JoinRequest.objects.filter(organisation=invitation.organisation, person=person)
    settled.filter(settled_at=None).update(settled_at=now)
    _record("invitation.accepted", invitation, actor, now)
    for one in members.administrators(invitation.organisation):
        if one.person_id != person.pk:
            outbox.enqueue(
                "person.mail",
                now=now,
                kind="joined",
                id=str(invitation.pk),
                language=one.person.language,
                to=str(one.person_id),
            )
    return membership


def _lock(invitation_id: UUID) -> Invitation:
    found = Invitation.objects.select_for_update(of=("self",)).select_related("organisation")
    return found.get(pk=invitation_id)


def _spend(organisation: Organisation, actor: Actor, now: datetime) -> None:
    day = timedelta(days=1)
    limits.spend("invite", str(organisation.pk), most=MOST_A_DAY, per=day, now=now)
    limits.spend_by("invite", actor, most=MOST_A_DAY, most_from=MOST_A_DAY_FROM, per=day, now=now)


def _mail(invitation: Invitation, now: datetime) -> None:
    key, language = str(invitation.pk), invitation.language
    outbox.enqueue("person.mail", now=now, kind="invitation", id=key, language=language)


def _record(action: str, invitation: Invitation, actor: Actor, now: datetime) -> None:
    events.record(
        action,
        actor=actor,
        now=now,
        object_type="invitation",
        object_id=invitation.pk,
        organisation_id=invitation.organisation_id,
        data={"role": invitation.role, "sent": invitation.sent},
    )
