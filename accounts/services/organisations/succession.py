"""Handing over an organisation's account to its successor, for example after a merger."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.models import BusinessId, Membership, Organisation, Person, Succession
from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord
from accounts.right_to_act import confirmed_administrators, is_shown, is_unconfirmed, right_of
from accounts.services import mailing
from accounts.services.organisations import consents
from accounts.services.organisations.membership import cancel_open, lock_accounts
from accounts.services.people import sessions
from accounts.services.people.merge import strengthen
from accounts.services.rights import askers
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused

Role = Membership.Role


class NotSucceeding(Refused):
    """The predecessor has no account, the successor is not in force, or both are the same."""


@dataclass(frozen=True, slots=True)
class Heir:
    """The successor as a register describes it, and its account if it has one."""

    code: str
    name: str
    kind: str
    account: Organisation | None


def account_of(code: str) -> Organisation:
    """Return the account that currently holds the business ID. Raises NotSucceeding."""
    found = BusinessId.holder(code)
    if found is None:
        raise NotSucceeding(_("No customer account has this business ID: %s") % code)
    return found


def heir(code: str, *, on: date) -> Heir:
    """Return the organisation with the business ID.

    Raises NotSucceeding unless a register holds it in force on that day.
    """
    record = _record(code, on)
    if record is None:
        raise NotSucceeding(_("No organisation in force has this business ID: %s") % code)
    mediates = record.kind == Kind.INTERMEDIARY
    kind = Organisation.Kind.INTERMEDIARY if mediates else Organisation.Kind.PROVIDER
    return Heir(code, record.long_name, kind, BusinessId.holder(code))


@transaction.atomic
def hand_over(
    old: Organisation,
    former: str,
    new: Heir,
    *,
    reason: str,
    by: Person,
    actor: Actor,
    now: datetime,
) -> Succession:
    """Hand the account of business ID `former` over to its successor; both are locked.

    If the successor has an account, the members move there: administrators become applicants,
    because that account has its own administrators, and an unconfirmed right stays unconfirmed.
    Who is a member there already keeps the stronger role and the better shown right of the two;
    only who administered both becomes a confirmed administrator by it.
    Open requests to be invited move too. Consents to and of suppliers end. Otherwise
    the account itself gets the new business ID: raises IntegrityError if the successor founds its
    own at this moment. Raises NotSucceeding, also while a request to be made administrator is
    undecided.
    """
    if new.account is not None and new.account.pk == old.pk:
        raise NotSucceeding(_("The organisation cannot succeed itself."))
    if new.account is not None and old.administrator_requests.filter(decided_at=None).exists():
        raise NotSucceeding(
            _("Somebody waits to be made an administrator of the account. Decide that first.")
        )
    succession = Succession(organisation=old, former_name=old.name, former_code=former)
    succession.code, succession.reason = new.code, reason
    succession.decided_by, succession.at = by, now
    _end_business_id(old, former, now)
    consents.end_with_account(old, actor=actor, now=now)
    if new.account is None:
        succession.successor = _take_over_account(old, new, now)
    else:
        succession.successor = new.account
        succession.people = _hand_over_people(old, new.account, reason, by, actor, now)
        cancel_open(old.invitations.all(), actor, now)
        _hand_over_requests(old, new.account, now)
    succession.save()
    _record_event(succession, actor, now)
    _tell(succession, now)
    return succession


def lock_both(old: Organisation, new: Heir) -> None:
    """Lock the former account, and the successor's if there is one, until the transaction ends."""
    lock_accounts(old, *([new.account] if new.account else []))


def _record(code: str, on: date) -> RegisterRecord | None:
    provider = queries.find_provider(code, on)
    if provider is not None:
        return provider
    mediator = queries.find_intermediary(code, on)
    return mediator if mediator is not None and mediator.is_standing(on) else None


def _end_business_id(old: Organisation, former: str, now: datetime) -> None:
    ended = old.business_ids.filter(code=former, valid_to=None).update(valid_to=clock.day(now))
    if not ended:
        raise NotSucceeding(_("No customer account has this business ID: %s") % former)


def _take_over_account(old: Organisation, new: Heir, now: datetime) -> Organisation:
    """Give the account the successor's business ID, name and kind."""
    BusinessId.objects.create(organisation=old, code=new.code, valid_from=clock.day(now))
    old.name, old.kind = new.name[:300], new.kind
    old.save(update_fields=["name", "kind"])
    return old


def _hand_over_people(
    old: Organisation,
    successor: Organisation,
    reason: str,
    by: Person,
    actor: Actor,
    now: datetime,
) -> int:
    members = successor.memberships.filter(ended_at=None).select_related("person", "organisation")
    kept_of = {each.person_id: each for each in members.select_for_update(of=["self"])}
    # Their sessions are renewed in the sequence in which others end those of the same people.
    former = old.memberships.filter(ended_at=None).order_by("person_id")
    current = list(former.select_for_update())
    # Evaluated before any membership ends: the right of an invited member derives from others'.
    rights = {each.pk: right_of(each.person, old) for each in current}
    for membership in current:
        membership.ended_at = now
        membership.save(update_fields=["ended_at"])
        events.record(AccountEvent.MEMBERSHIP_RECORDED, membership, actor, now)
        sessions.renew(membership.person)
        joining = _joining(membership, rights[membership.pk], successor, reason, by, now)
        kept = kept_of.get(membership.person_id)
        if kept is None:
            joining.save()
            events.record(AccountEvent.MEMBERSHIP_RECORDED, joining, actor, now)
        elif _adds_to(kept, membership, joining):
            strengthen(kept, joining, actor, now)
    return len(current)


def _adds_to(kept: Membership, former: Membership, joining: Membership) -> bool:
    """Whether the membership in the successor's account may get role or right by the hand-over.

    An unconfirmed right adds no role to a confirmed one, and nobody becomes a confirmed
    administrator without having been one in the former account.
    """
    if joining.is_unconfirmed:
        return not is_shown(kept)
    return kept.role != Role.ADMINISTRATOR or former.role == Role.ADMINISTRATOR


def _hand_over_requests(old: Organisation, successor: Organisation, now: datetime) -> None:
    """Move open requests to be invited to the successor's account.

    Requests of people who are members there, or have an open request there, are settled instead.
    """
    members = successor.memberships.filter(ended_at=None).values("person")
    asking = successor.join_requests.filter(settled_at=None).values("person")
    waiting = askers.waiting(old)
    waiting.filter(Q(person__in=members) | Q(person__in=asking)).update(settled_at=now)
    moved = list(waiting)
    for request in moved:
        request.organisation = successor
        request.save(update_fields=["organisation"])
    askers.tell_of(moved, confirmed_administrators(successor), now=now)


def _joining(
    former: Membership,
    right: Membership | None,
    successor: Organisation,
    reason: str,
    decided_by: Person,
    now: datetime,
) -> Membership:
    """Return the membership of the successor's account that the reviewer's decision gives.

    This does not improve the `right` that the former membership gave: an unconfirmed right stays
    unconfirmed, and one confirmed until a day ends on that day.
    """
    by = None if is_unconfirmed(right) else decided_by
    basis = Membership.Basis.REVIEWER_DECISION if by else Membership.Basis.UNVERIFIED
    administered = former.role == Role.ADMINISTRATOR
    return Membership(
        person_id=former.person_id,
        organisation=successor,
        role=Role.APPLICANT if administered else former.role,
        basis=basis,
        stated_basis=former.stated_basis,
        basis_detail=former.basis_detail,
        basis_note=reason[:300] if by else "",
        confirmed_by=by,
        confirmed_at=now if by else None,
        confirmed_until=right.confirmed_until if right else None,
        begun_at=now,
    )


def _record_event(succession: Succession, actor: Actor, now: datetime) -> None:
    for organisation in {succession.organisation_id, succession.successor_id}:
        events.record(
            AccountEvent.ORGANISATION_SUCCEEDED,
            events.Subject("succession", succession.pk, organisation),
            actor,
            now,
            people=succession.people,
            successor=str(succession.successor_id),
            business_id=succession.code,
            kind=succession.successor.kind,
        )


def _tell(succession: Succession, now: datetime) -> None:
    """Mail the members of the account handed over, and the successor's confirmed administrators."""
    handed_over = Q(ended_at=now) if succession.moves else Q(ended_at=None)
    members = succession.organisation.memberships.filter(handed_over).select_related("person")
    recipients = (*members, *confirmed_administrators(succession.successor))
    mailing.enqueue_for((each.person for each in recipients), "succession", succession, now=now)
