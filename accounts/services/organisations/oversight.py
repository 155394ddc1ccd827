"""The authority's measures: end a membership, withdraw a confirmation, close an account."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.event_names import AccountEvent
from accounts.models import AccountDecision, Membership, Person
from accounts.right_to_act import (
    confirmed_administrators,
    formerly_resting_on,
    is_unconfirmed,
    shown_members,
)
from accounts.services import mailing
from accounts.services.organisations import consents, membership as members
from accounts.services.organisations.administrator_requests import MayNotDecide
from accounts.services.people import sessions
from accounts.services.rights import confirm
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, Stale

Kind = AccountDecision.Kind


class NothingConfirmed(Stale):
    message = _("The right is not confirmed, so there is nothing to withdraw.")


class RequestsWait(Refused):
    status = 409

    message = _("Somebody waits to be made an administrator of the account. Decide that first.")


class ClosedAlready(Stale):
    message = _("The account has been closed or handed over already.")


@transaction.atomic
def end_membership(
    membership_id: int, *, reasons: str, by: Person, actor: Actor, now: datetime
) -> AccountDecision:
    """End the membership, even the last administrator's, and the person's sessions.

    The consents to suppliers that the person has given end with it. The person and the remaining
    confirmed administrators are notified with the reasons. Raises MayNotDecide and NoMember.
    """
    membership = members.lock(membership_id)
    _require(by, membership.organisation_id, now)
    members.end(membership, AccountEvent.MEMBERSHIP_ENDED_BY_AUTHORITY, actor=actor, now=now)
    consents.end_given_by([membership], actor=actor, now=now)
    sessions.end_all(membership.person, actor=actor, now=now)
    decision = _decide(Kind.MEMBERSHIP_ENDED, membership, reasons, by, now)
    stay = [member.person for member in confirmed_administrators(membership.organisation)]
    mailing.enqueue_for([membership.person, *stay], "account_decided", decision, now=now)
    return decision


@transaction.atomic
def withdraw_right(
    membership_id: int, *, reasons: str, by: Person, actor: Actor, now: datetime
) -> AccountDecision:
    """Withdraw the confirmation of the member's right to act, and of rights derived from it.

    The right is unverified again: the member and the people they invited can only work on their
    own orders, and their open invitations and consents to suppliers end, also what those gave who
    have left since. Where the membership is a former one and the person's current one rests on
    another right, that one stays. Notified are the person, the people affected and the
    administrators who remain confirmed. Raises MayNotDecide and NothingConfirmed.
    """
    found = Membership.objects.select_related("person", "organisation").get(pk=membership_id)
    members.lock_account(found.organisation_id)
    found.refresh_from_db(fields=["basis", "ended_at"])
    _require(by, found.organisation_id, now)
    if is_unconfirmed(found):
        raise NothingConfirmed
    before = shown_members(found.organisation)
    confirm.set_basis(found, Membership.Basis.UNVERIFIED)
    after = shown_members(found.organisation)
    fallen = [member for member in before if member not in after]
    for member in fallen:
        members.cancel_invitations(member, actor, now)
    for member in sorted(fallen, key=lambda each: each.person_id):
        sessions.renew(member.person)
    consents.end_given_by([found, *fallen, *formerly_resting_on(found)], actor=actor, now=now)
    events.record(AccountEvent.MEMBERSHIP_RIGHT_WITHDRAWN, found, actor, now)
    decision = _decide(Kind.RIGHT_WITHDRAWN, found, reasons, by, now)
    administrator, person = Membership.Role.ADMINISTRATOR, found.person.current
    stay = [each for each in after if each.role == administrator or each.person.current == person]
    recipients = [member.person for member in (*fallen, *stay)]
    mailing.enqueue_for(recipients, "account_decided", decision, now=now)
    return decision


@transaction.atomic
def close(
    organisation_id: UUID, *, reasons: str, by: Person, actor: Actor, now: datetime
) -> AccountDecision:
    """Close the account: its memberships, open invitations, consents and business ID end.

    The members and the people who asked to be invited are notified with the reasons. The
    organisation can then found a new account. Raises MayNotDecide, RequestsWait, ClosedAlready.
    """
    organisation = members.lock_account(organisation_id)
    _require(by, organisation.pk, now)
    if not organisation.business_ids.filter(valid_to=None).update(valid_to=clock.day(now)):
        raise ClosedAlready
    if organisation.administrator_requests.filter(decided_at=None).exists():
        raise RequestsWait
    consents.end_with_account(organisation, actor=actor, now=now)
    # Their sessions end in the sequence in which others end those of the same people.
    current = organisation.memberships.filter(ended_at=None).order_by("person_id")
    left = list(current.select_related("person", "organisation").select_for_update(of=["self"]))
    for member in left:
        members.end(member, AccountEvent.MEMBERSHIP_ENDED_BY_AUTHORITY, actor=actor, now=now)
        sessions.end_all(member.person, actor=actor, now=now)
    waiting = organisation.join_requests.filter(settled_at=None)
    askers = [member.person for member in waiting.select_related("person")]
    waiting.update(settled_at=now)
    decision = AccountDecision.objects.create(
        kind=Kind.CLOSED, organisation=organisation, reasons=reasons, decided_by=by, at=now
    )
    events.record(AccountEvent.ORGANISATION_CLOSED, organisation, actor, now, people=len(left))
    recipients = [*(member.person for member in left), *askers]
    mailing.enqueue_for(recipients, "account_decided", decision, now=now)
    return decision


def _require(by: Person, organisation_id: UUID, now: datetime) -> None:
    by.keep()
    if not access.may_oversee(by, organisation_id, now=now):
        raise MayNotDecide


def _decide(
    kind: Kind, membership: Membership, reasons: str, by: Person, now: datetime
) -> AccountDecision:
    return AccountDecision.objects.create(
        kind=kind,
        organisation_id=membership.organisation_id,
        membership=membership,
        reasons=reasons,
        decided_by=by,
        at=now,
    )
