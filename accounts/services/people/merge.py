"""Merging two `Person` rows of one human who was recognised by two identifiers."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.models import (
    AdministratorRequest,
    Invitation,
    JoinRequest,
    Membership,
    Organisation,
    Person,
    RightDocument,
    StaffRole,
    User,
)
from accounts.right_to_act import is_shown, right_of
from accounts.services.people import sessions
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused

STRONGEST_FIRST: list[str] = [
    Membership.Role.ADMINISTRATOR,
    Membership.Role.APPLICANT,
    Membership.Role.TECHNICAL,
]
# The fields of a membership that tell how the right to act was shown.
SHOWN_BY = (
    *["basis", "basis_note", "confirmed_by", "confirmed_at", "confirmed_until"],
    *["stated_basis", "basis_detail"],
)


class NotMergeable(Refused):
    """The two are the same person or were merged before; or as one person they would have what
    nobody has: roles that exclude each other, or a role or right that they gave themselves.
    """


@transaction.atomic
def merge(gone: Person, *, into: Person, actor: Actor, now: datetime) -> None:
    """Merge `gone` into `into`: logins, memberships, roles, requests and documents move.

    Open requests to join and open invitations move too; of duplicates only `into`'s stays. Past
    events keep the key they were recorded under. All sessions of both end. Raises NotMergeable.
    """
    # Under these locks roles and rights are given and taken: none is saved as it was before.
    held = Membership.objects.filter(person__in=[gone, into], ended_at=None)
    accounts = Organisation.objects.filter(pk__in=held.values("organisation"))
    list(accounts.select_for_update(no_key=True).order_by("pk"))
    both = Person.objects.filter(pk__in=[gone.pk, into.pk], merged_into=None)
    if len(both.select_for_update().order_by("pk")) != 2:
        raise NotMergeable(_("The persons cannot be merged."))
    _refuse_given_to_oneself(gone, into)
    _hand_over_memberships(gone, into, actor, now)
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
    for person in sorted((gone, into), key=lambda each: each.pk):
        sessions.end_all(person, actor=actor, now=now)
    gone.merged_into = into
    gone.save(update_fields=["merged_into"])
    # Persons merged earlier point directly to `into`, so that one step leads to the current one.
    Person.objects.filter(merged_into=gone).update(merged_into=into)
    events.record(AccountEvent.PERSON_MERGED, gone, actor, now, into=str(into.pk))


def lock_person(person: Person) -> Person:
    """Return the person, or the one they were merged into, who gets a membership or loses a role.

    The lock keeps a merger waiting until the transaction ends: it moves the rows that it sees, and
    nobody acts by those of a merged record. Take it after the account's, and before a request's.
    """
    locked = Person.objects.select_for_update().get(pk=person.pk)
    return lock_person(locked.current) if locked.merged_into_id else locked


def _refuse_given_to_oneself(gone: Person, into: Person) -> None:
    """Raise NotMergeable if one has given the other a staff role, or confirmed their right to act.

    Somebody else must have done that (`OwnRole`, `OwnRight`). It is taken back first, so that
    another person decides anew, and what rests on it is stopped.
    """
    pair = [gone, into]
    human = Person.objects.filter(Q(pk__in=[each.pk for each in pair]) | Q(merged_into__in=pair))
    given = StaffRole.objects.filter(ended_at=None, person__in=human, granted_by__in=human)
    confirmed = Membership.objects.exclude(basis__in=Membership.UNCONFIRMED)
    if given.exists() or confirmed.filter(person__in=human, confirmed_by__in=human).exists():
        words = _(
            "One of them has given the other a role, or confirmed their authority to act. Have"
            " the role taken away, or the confirmation withdrawn, first."
        )
        raise NotMergeable(words)


def _hand_over_memberships(gone: Person, into: Person, actor: Actor, now: datetime) -> None:
    """Move current memberships; of two in one account, one stays.

    If the right of only one is confirmed, that one stays as it is: an unconfirmed membership adds
    no role to it.
    """
    current = Membership.objects.filter(ended_at=None)
    for membership in current.filter(person=gone):
        kept = current.filter(person=into, organisation=membership.organisation_id).first()
        if kept is None or (is_shown(membership) and not is_shown(kept)):
            if kept is not None:
                kept.ended_at = now
                kept.save(update_fields=["ended_at"])
                events.record(AccountEvent.MEMBERSHIP_RECORDED, kept, actor, now)
            membership.person = into
        else:
            if is_shown(membership) or not is_shown(kept):
                strengthen(kept, membership, actor, now)
            membership.ended_at = now
        membership.save(update_fields=["person", "ended_at"])
        events.record(AccountEvent.MEMBERSHIP_RECORDED, membership, actor, now)


def strengthen(kept: Membership, other: Membership, actor: Actor, now: datetime) -> None:
    """Give the kept membership the stronger role of the two, and the better shown right."""
    kept.role = min(kept.role, other.role, key=STRONGEST_FIRST.index)
    if _shows_more(other, kept):
        for name in SHOWN_BY:
            setattr(kept, name, getattr(other, name))
    kept.save(update_fields=["role", *SHOWN_BY])
    events.record(AccountEvent.MEMBERSHIP_RECORDED, kept, actor, now)


def _shows_more(other: Membership, kept: Membership) -> bool:
    """Whether the right of `other` is confirmed better than that of `kept`.

    An invited member's right is the inviter's: a right confirmed for a limited time never replaces
    one confirmed without an end, and of two for a limited time the longer one stays.
    """
    right = right_of(kept.person, kept.organisation) or kept
    if other.is_unconfirmed:
        return False
    if other.is_weak and not (right.is_unconfirmed or right.is_weak):
        return False
    if other.confirmed_until and right.confirmed_until:
        return other.confirmed_until > right.confirmed_until
    return kept.is_unconfirmed or (kept.is_weak and not other.is_weak)


def _hand_over_roles(gone: Person, into: Person, now: datetime) -> None:
    current = StaffRole.objects.filter(ended_at=None)
    held = {role.kind for role in current.filter(person__in=[gone, into])}
    if StaffRole.Kind.AUDITOR in held and len(held) > 1:
        words = _("One of them is a reviewer and the other an auditor. Take one role away first.")
        raise NotMergeable(words)
    for role in current.filter(person=gone):
        if current.filter(person=into, kind=role.kind).exists():
            role.ended_at = now
        else:
            role.person = into
        role.save(update_fields=["person", "ended_at"])


def _hand_over_requests(gone: Person, into: Person, now: datetime) -> None:
    """Move open requests to join; settle those that `into` no longer needs or made already."""
    waiting = JoinRequest.objects.filter(settled_at=None)
    for request in waiting.filter(person=gone):
        account = request.organisation_id
        member = Membership.objects.filter(person=into, organisation=account, ended_at=None)
        is_settled = member.exists() or waiting.filter(person=into, organisation=account).exists()
        # One that is settled meanwhile stays so: its account may be another's, and is not locked.
        still = waiting.filter(pk=request.pk)
        still.update(**({"settled_at": now} if is_settled else {"person": into}))
    settled = Membership.objects.filter(person=into, ended_at=None).values("organisation")
    waiting.filter(person=into, organisation__in=settled).update(settled_at=now)
