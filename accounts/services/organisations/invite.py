"""Invitations to an account: single-use, expiring, revocable; each mailing has a new token."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.models import Invitation, Membership, Organisation, Person
from accounts.right_to_act import confirmed_administrators
from accounts.services import mailing
from accounts.services.organisations import membership as members
from accounts.services.people import email as addresses, sessions
from accounts.services.people.merge import lock_person
from accounts.services.rights import askers
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, Stale
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.web import limits, tokens

# A repeated submission of the form: a double click, or a retry after a lost response.
REPEATED_WITHIN = timedelta(minutes=5)
MOST_A_DAY = 50
MOST_A_DAY_FROM = 300
MOST_GUESSES_AN_HOUR = 30


class NotWaiting(Stale):
    message = _("The invitation is no longer valid. Ask for a new one.")


class OtherAddress(Refused):
    message = _(
        "The invitation was sent to another address than yours. Ask for a code to that address,"
        " and enter it to accept the invitation."
    )


class AlreadyMember(Refused):
    message = _("You already belong to the customer account of this organisation.")


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
    """Mail an invitation to the address and cancel an earlier open one to the same address.

    A repetition of the same invitation within `REPEATED_WITHIN`, also a concurrent one, returns the
    first and sends no mail. The right of `by` is checked under the account's lock, so that nobody
    invites after losing it in a concurrent request. Raises TooMany, NotConfirmed, NotAdministrator.
    """
    members.lock_account(organisation.pk)
    members.require_administrator(by, organisation.pk)
    waiting = organisation.invitations.filter(accepted_at=None, revoked_at=None)
    same = waiting.filter(email=email, role=role, language=language, made_by=by)
    lately = clock.recently(REPEATED_WITHIN, now=now)
    if repeated := same.filter(made_at__range=lately).first():
        return repeated
    _spend(organisation, actor, now)
    to_same = [each.pk for each in waiting if mailbox(each.email) == mailbox(email)]
    members.cancel_open(waiting.filter(pk__in=to_same), actor, now)
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
    events.record(AccountEvent.INVITATION_MADE, invitation, actor, now)
    mailing.enqueue("invitation", invitation, language=invitation.language, now=now)
    return invitation


@transaction.atomic
def resend(
    invitation_id: UUID, *, version: int, by: Person, actor: Actor, now: datetime
) -> Invitation:
    """Mail the invitation again with a new token and expiry; the earlier link stops working.

    `version`: how often it had been mailed when the page was shown. If it has been mailed again
    since, by another press of the button, this does nothing. Raises NotWaiting if it has been
    accepted or cancelled, TooMany, and NotAdministrator and NotConfirmed as `invite` does.
    """
    invitation = _lock(invitation_id)
    members.require_administrator(by, invitation.organisation_id)
    if invitation.state(now) not in {Invitation.State.WAITING, Invitation.State.EXPIRED}:
        raise NotWaiting
    if invitation.sent != version:
        return invitation
    _spend(invitation.organisation, actor, now)
    invitation.sent += 1
    invitation.token_hash = tokens.digest(invitation.token)
    invitation.expires_at = now + Invitation.LASTS
    invitation.save(update_fields=["sent", "token_hash", "expires_at"])
    events.record(AccountEvent.INVITATION_RESENT, invitation, actor, now)
    mailing.enqueue("invitation", invitation, language=invitation.language, now=now)
    return invitation


@transaction.atomic
def revoke(invitation_id: UUID, *, by: Person, actor: Actor, now: datetime) -> Invitation:
    """Cancel the invitation.

    Raises NotWaiting when it has been accepted or cancelled, NotAdministrator and NotConfirmed.
    """
    invitation = _lock(invitation_id)
    members.require_administrator(by, invitation.organisation_id)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise NotWaiting
    invitation.revoked_at = now
    invitation.save(update_fields=["revoked_at"])
    events.record(AccountEvent.INVITATION_REVOKED, invitation, actor, now)
    return invitation


def find(token: str, *, address: str, now: datetime) -> Invitation | None:
    """Return the invitation with this token, or None. Raises TooMany after many wrong tokens."""
    found = Invitation.objects.select_related("organisation", "made_by")
    invitation = found.filter(token_hash=tokens.digest(token)).first()
    if invitation is None:
        hour = timedelta(hours=1)
        limits.spend_from("token_guess", address, most=MOST_GUESSES_AN_HOUR, per=hour, now=now)
    return invitation


def is_for(invitation: Invitation, person: Person) -> bool:
    """Whether the invitation was sent to the address that the person has verified as theirs."""
    verified = person.email_verified_at is not None
    return verified and mailbox(person.email) == mailbox(invitation.email)


def require_outside(person: Person, invitation: Invitation) -> None:
    """Raise AlreadyMember if the person is a member of the invitation's account."""
    if person.memberships.filter(organisation=invitation.organisation, ended_at=None).exists():
        raise AlreadyMember


def accept(
    invitation_id: UUID, token: str, *, person: Person, code: str = "", actor: Actor, now: datetime
) -> Membership:
    """Make the identified person a member. The invitation works once, also under concurrency.

    A person whose verified address is not the invited one enters the `code` mailed to the invited
    address, so that a forwarded link alone admits nobody. Raises OtherAddress, WrongCode,
    NotWaiting, and AlreadyMember (the invitation stays usable).
    """
    invitation = Invitation.objects.get(pk=invitation_id)
    require_outside(person, invitation)
    if not is_for(invitation, person):
        if not code:
            raise OtherAddress
        if addresses.try_code(person, code, invitation=invitation, now=now) is None:
            raise addresses.WrongCode
    return _accept(invitation_id, token, person, actor, now)


@transaction.atomic
def _accept(
    invitation_id: UUID, token: str, person: Person, actor: Actor, now: datetime
) -> Membership:
    invitation = _lock(invitation_id)
    right = invitation.token_hash == tokens.digest(token)
    if not right or invitation.state(now) != Invitation.State.WAITING:
        raise NotWaiting
    _require_inviter(invitation)
    person = lock_person(person)
    require_outside(person, invitation)
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
    askers.waiting(invitation.organisation).filter(person=person).update(settled_at=now)
    events.record(AccountEvent.INVITATION_ACCEPTED, invitation, actor, now)
    events.record(AccountEvent.MEMBERSHIP_RECORDED, membership, actor, now)
    administrators = confirmed_administrators(invitation.organisation)
    others = [each.person for each in administrators if each.person_id != person.pk]
    mailing.enqueue_for(others, "joined", invitation, now=now)
    return membership


def _require_inviter(invitation: Invitation) -> None:
    """Raise NotWaiting if the inviter no longer has the right to invite."""
    try:
        members.require_administrator(invitation.made_by, invitation.organisation_id)
    except (members.NotAdministrator, members.NotConfirmed) as refusal:
        raise NotWaiting from refusal


def _lock(invitation_id: UUID) -> Invitation:
    """Lock the invitation's account, then the invitation."""
    account = Invitation.objects.values_list("organisation_id", flat=True).get(pk=invitation_id)
    members.lock_account(account)
    found = Invitation.objects.select_for_update(of=("self",))
    found = found.select_related("organisation", "made_by")
    return found.get(pk=invitation_id)


def _spend(organisation: Organisation, actor: Actor, now: datetime) -> None:
    day = timedelta(days=1)
    limits.spend("invite", str(organisation.pk), most=MOST_A_DAY, per=day, now=now)
    limits.spend_by("invite", actor, most=MOST_A_DAY, most_from=MOST_A_DAY_FROM, per=day, now=now)
