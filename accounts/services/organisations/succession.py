"""An organisation's account is handed over to its successor (mergers of organisations)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessId, Membership, Organisation, Person, Succession
from accounts.register import queries
from accounts.register.models import Kind, RegisterRecord
from accounts.rights import is_unconfirmed, right_of
from accounts.services import sessions
from accounts.services.membership import administrators
from certportal.foundation import clock, events, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused


class NotSucceeding(Refused):
    """The one has no account, the other does not stand, or both are the same."""


@dataclass(frozen=True, slots=True)
class Heir:
    """The successor: its account, if it has one, and what a register says of it."""

    code: str
    name: str
    kind: str
    account: Organisation | None


def account_of(code: str) -> Organisation:
    """Return the account that holds the business ID now. Raises NotSucceeding."""
    held = BusinessId.objects.select_related("organisation").filter(code=code, valid_to=None)
    found = held.first()
    if found is None:
        raise NotSucceeding(_("No customer account has this business ID: %s") % code)
    return found.organisation


def heir(code: str, *, on: date) -> Heir:
    """Return the organisation with the business ID, which must stand in a register that day.

    Raises NotSucceeding.
    """
    record = _record(code, on)
    if record is None:
        raise NotSucceeding(_("No organisation in force has this business ID: %s") % code)
    held = BusinessId.objects.select_related("organisation").filter(code=code, valid_to=None)
    holder = held.first()
    mediates = record.kind == Kind.INTERMEDIARY
    kind = Organisation.Kind.INTERMEDIARY if mediates else Organisation.Kind.PROVIDER
    return Heir(code, record.long_name, kind, holder.organisation if holder else None)


@transaction.atomic
def hand_over(
    former: str, code: str, *, reason: str, by: Person, actor: Actor, now: datetime
) -> Succession:
    """End the account of the business ID `former` in favour of `code`; people go along.

    An administrator becomes an applicant in the successor's account, which has administrators of
    its own; a right that nobody has confirmed stays unconfirmed. Without an account of the
    successor's the account itself gets the new business ID. Raises NotSucceeding.
    """
    new, old = heir(code, on=clock.day(now)), account_of(former)
    list(Organisation.objects.select_for_update().filter(pk__in=_keys(old, new)).order_by("pk"))
    if new.account is not None and new.account.pk == old.pk:
        raise NotSucceeding(_("The organisation cannot succeed itself."))
    succession = Succession(organisation=old, former_name=old.name, former_code=former, code=code)
    succession.reason, succession.decided_by, succession.at = reason, by, now
    _end_business_id(old, former, now)
    if new.account is None:
        succession.successor = _take(old, new, now)
    else:
        succession.successor = new.account
        succession.people = _hand_over_people(old, new.account, reason, by, now)
        old.invitations.filter(accepted_at=None, revoked_at=None).update(revoked_at=now)
        old.join_requests.filter(settled_at=None).update(settled_at=now)
    succession.save()
    _record_event(succession, actor, now)
    _tell(succession, now)
    return succession


def _record(code: str, on: date) -> RegisterRecord | None:
    provider = queries.find_provider(code, on)
    if provider is not None:
        return provider
    mediator = queries.find_intermediary(code, on)
    return mediator if mediator is not None and mediator.is_standing(on) else None


def _keys(old: Organisation, new: Heir) -> list[UUID]:
    return [old.pk, *([new.account.pk] if new.account else [])]


def _end_business_id(old: Organisation, former: str, now: datetime) -> None:
    ended = old.business_ids.filter(code=former, valid_to=None).update(valid_to=clock.day(now))
    if not ended:
        raise NotSucceeding(_("No customer account has this business ID: %s") % former)


def _take(old: Organisation, new: Heir, now: datetime) -> Organisation:
    """Let the account live on under the successor's business ID and name, as what that is."""
    BusinessId.objects.create(organisation=old, code=new.code, valid_from=clock.day(now))
    old.name, old.kind = new.name[:300], new.kind
    old.save(update_fields=["name", "kind"])
    return old


def _hand_over_people(
    old: Organisation, successor: Organisation, reason: str, by: Person, now: datetime
) -> int:
    there = set(successor.memberships.filter(ended_at=None).values_list("person_id", flat=True))
    current, moved = list(old.memberships.filter(ended_at=None).select_for_update()), 0
    # Asked before anything ends: what an invitation shows rests on the founding of the account.
    unshown = {one.pk for one in current if is_unconfirmed(right_of(one.person, old))}
    for membership in current:
        membership.ended_at = now
        membership.save(update_fields=["ended_at"])
        sessions.renew(membership.person)
        if membership.person_id not in there:
            _join(membership, successor, reason, None if membership.pk in unshown else by, now)
            moved += 1
    return moved


def _join(
    former: Membership, successor: Organisation, reason: str, by: Person | None, now: datetime
) -> None:
    """Make the person a member of the successor's account, on the decision of `by`.

    `by` is None where nobody has confirmed the right, and the reviewer of an order has yet to.
    """
    basis = Membership.Basis.REVIEWER_DECISION if by else Membership.Basis.UNVERIFIED
    administered = former.role == Membership.Role.ADMINISTRATOR
    Membership.objects.create(
        person_id=former.person_id,
        organisation=successor,
        role=Membership.Role.APPLICANT if administered else former.role,
        basis=basis,
        stated_basis=former.stated_basis,
        basis_detail=former.basis_detail,
        basis_note=reason[:300] if by else "",
        confirmed_by=by,
        confirmed_at=now if by else None,
        begun_at=now,
    )


def _record_event(succession: Succession, actor: Actor, now: datetime) -> None:
    for organisation in {succession.organisation_id, succession.successor_id}:
        events.record(
            "organisation.succeeded",
            actor=actor,
            now=now,
            object_type="succession",
            object_id=succession.pk,
            organisation_id=organisation,
            data={"people": succession.people, "successor": str(succession.successor_id)},
        )


def _tell(succession: Succession, now: datetime) -> None:
    """Mail everybody who acts for the successor through the hand-over, and its administrators."""
    joined = succession.successor.memberships.filter(ended_at=None, begun_at=now)
    told = {one.person for one in joined.select_related("person")}
    told |= {one.person for one in administrators(succession.successor)}
    for person in sorted(told, key=lambda one: str(one.pk)):
        outbox.enqueue(
            "person.mail",
            now=now,
            kind="succession",
            id=str(succession.pk),
            language=person.language,
            to=str(person.pk),
        )
