"""Determining the basis of a person's right to act for an organisation."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import F, Q

from accounts.models import Invitation, Membership, Organisation, Person
from certportal.foundation.database.combined_queries import (
    Asks,
    Question,
    Rows,
    compiled_for,
    first,
)
from certportal.foundation.database.query_cache import asked_once, same_reading


@asked_once
def right_of(person: Person, organisation: Organisation) -> Membership | None:
    """Return the current or last membership from which the person's right to act derives.

    An invited member's right derives from the inviter's, and so on up to a membership that did not
    begin with an invitation: an invitation gives no more right than the inviter has. If that
    membership ended unconfirmed, the person's own membership is returned, and they must show the
    right themselves.
    """
    own = next(iter(held(person.current, organisation)), None)
    if own is None or own.basis != Membership.Basis.INVITATION:
        return own
    origin = _origin(own, organisation)
    if origin is None or (origin.ended_at is not None and is_unconfirmed(origin)):
        return own
    return origin


def is_unconfirmed(right: Membership | None) -> bool:
    """Whether there is a right, and it has not been confirmed."""
    return right is not None and right.is_unconfirmed


def has_ended(right: Membership | None, *, on: date) -> bool:
    """Whether the right was confirmed until a day that is before ``on``."""
    return right is not None and right.confirmed_until is not None and right.confirmed_until < on


def may_be_confirmed(right: Membership | None) -> bool:
    """Whether a reviewer may confirm the right, or has seen only the person's word for it."""
    return right is not None and (is_unconfirmed(right) or right.is_weak)


def is_shown(membership: Membership) -> bool:
    """Whether the member's right to act, or the one it derives from, is confirmed.

    Without that, a member can only draft, send and follow their own orders: they see no other
    person's data and cannot invite.
    """
    return not is_unconfirmed(right_of(membership.person, membership.organisation))


def shown_members(organisation: Organisation, **like: object) -> list[Membership]:
    """Return the current memberships with these values whose right is confirmed, oldest first."""
    found = _members(organisation, ended_at=None, **like)
    with same_reading():
        know_rights(found)
        return [each for each in found if is_shown(each)]


def confirmed_administrators(organisation: Organisation) -> list[Membership]:
    """Return the current administrators whose right to act is confirmed, oldest first.

    Only they can invite, and only they are told who asks to be invited.
    """
    return shown_members(organisation, role=Membership.Role.ADMINISTRATOR)


def acts_without(membership: Membership) -> bool:
    """Whether it is a former membership whose person acts by a later one, confirmed without it."""
    if membership.ended_at is None:
        return False
    person, organisation = membership.person.current, membership.organisation
    latest = next(iter(held(person, organisation)), membership)
    right = right_of(person, organisation)
    return latest.ended_at is None and right != membership and not is_unconfirmed(right)


def resting_on(membership: Membership) -> list[Membership]:
    """Return the account's other current members whose right derives from this member's."""
    current = _members(membership.organisation, ended_at=None)
    others = [each for each in current if each != membership]
    with same_reading():
        know_rights(others)
        return [each for each in others if right_of(each.person, each.organisation) == membership]


def formerly_resting_on(membership: Membership) -> list[Membership]:
    """Return the account's ended memberships whose right derived from this member's."""
    invited = Membership.Basis.INVITATION
    found = _members(membership.organisation, ended_at__isnull=False, basis=invited)
    with same_reading():
        know_rights(found)
        return [each for each in found if _origin(each, each.organisation) == membership]


def _members(organisation: Organisation, **like: object) -> list[Membership]:
    """Return the memberships with these values, oldest first, with one row of their account."""
    found = organisation.memberships.filter(**like).select_related("person")
    return list(found.order_by("begun_at"))


def _origin(own: Membership, organisation: Organisation) -> Membership | None:
    """Follow the invitations up to a membership that did not begin with one.

    Where an inviter is unknown or the chain is circular, return the founder's own membership.
    """
    followed, at = set(), own
    while at.basis == Membership.Basis.INVITATION:
        followed.add(at.person_id)
        found = _accepted(at)
        inviter = found.made_by if found else None
        above = next(iter(held(inviter.current, organisation)), None) if inviter else None
        if above is None or above.person_id in followed:
            founding = held(organisation.founded_by.current, organisation)
            invited = Membership.Basis.INVITATION
            return next((each for each in founding if each.basis != invited), None)
        at = above
    return at


def know_rights(members: Iterable[Membership]) -> None:
    """Read at once, in a reading, on what the rights of one account's members rest."""
    held.of_each((member.person.current, member.organisation) for member in members)
    invited = (each for each in members if each.basis == Membership.Basis.INVITATION)
    _accepted.of_each((member,) for member in invited)


@Question
def _accepted(member: Membership) -> Asks[Invitation | None]:
    """Return the invitation by which the membership began, or None."""
    return _accepted_at(member.person_id, member.organisation_id, member.begun_at), first


@compiled_for(UUID(int=1), UUID(int=2), datetime.min.replace(tzinfo=UTC))
def _accepted_at(person: UUID, organisation: UUID, at: datetime) -> Rows:
    by_person = Q(accepted_by=person) | Q(accepted_by__merged_into=person)
    accepted = Invitation.objects.filter(by_person, organisation=organisation, accepted_at=at)
    return Rows(accepted[:1], "made_by")


@Question
def held(person: Person, organisation: Organisation) -> Asks[list[Membership]]:
    """Return the memberships of the person and of persons merged into them, latest first.

    ``person`` must not be merged into another.
    """
    return _held(person.pk, organisation.pk), list


@compiled_for(UUID(int=1), UUID(int=2))
def _held(person: UUID, organisation: UUID) -> Rows:
    of_person = Q(person=person) | Q(person__merged_into=person)
    own = Membership.objects.filter(of_person, organisation=organisation)
    latest = own.order_by(F("ended_at").desc(nulls_first=True), "-begun_at", "-id")
    return Rows(latest, "person", "confirmed_by")
