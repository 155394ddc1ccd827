"""Asking the administrators of an existing account for an invitation.

Only administrators whose own right is confirmed are told who asks, because a stranger may have
founded the account. Without such an administrator the request waits, and the person may ask the
authority instead (`administrator_requests`).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts import access
from accounts.event_names import AccountEvent
from accounts.models import BusinessId, Invitation, JoinRequest, Membership, Organisation, Person
from accounts.right_to_act import confirmed_administrators
from accounts.services.organisations import membership as members
from accounts.services.organisations.invite import AlreadyMember
from accounts.services.people.merge import lock_person
from accounts.services.rights import askers
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.database.combined_queries import Asks, Question, Rows, compiled_for
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.web import limits

MOST_A_DAY = 10
# A repeated request notifies the administrators again at most this often.
AGAIN_AFTER = timedelta(days=1)
MOST_A_DAY_FROM = 100
NEWEST = 50
"""How many invitations, the newest ones, pages list."""


@transaction.atomic
def ask(person: Person, business_id: str, *, actor: Actor, now: datetime) -> JoinRequest | None:
    """Store the request and mail the account's confirmed administrators.

    A repeated request mails them again at most once in `AGAIN_AFTER`, also if the previous one was
    settled or taken back meanwhile. Returns None if the business ID has no account. Raises
    AlreadyMember and TooMany.
    """
    organisation = BusinessId.holder(business_id)
    # Locked, as it may be closed at this moment: nobody would ever answer the request.
    if organisation is None or members.lock_account(organisation.pk).is_closed:
        return None
    person = lock_person(person)
    if person.memberships.filter(organisation=organisation, ended_at=None).exists():
        raise AlreadyMember
    day = timedelta(days=1)
    limits.spend_by("join", actor, most=MOST_A_DAY, most_from=MOST_A_DAY_FROM, per=day, now=now)
    before = organisation.join_requests.filter(person=person).order_by("asked_at", "pk").last()
    lately = before is not None and now - (before.asked_again_at or before.asked_at) < AGAIN_AFTER
    request, made = JoinRequest.objects.get_or_create(
        person=person, organisation=organisation, settled_at=None, defaults={"asked_at": now}
    )
    if not made and lately:
        return request
    if not made:
        request.asked_again_at = now
        request.save(update_fields=["asked_again_at"])
    name = AccountEvent.JOIN_REQUEST_MADE if made else AccountEvent.JOIN_REQUEST_REPEATED
    events.record(name, request, actor, now)
    if not lately:
        askers.tell_of([request], confirmed_administrators(request.organisation), now=now)
    return request


@Question
def waiting_for(organisation: Organisation) -> Asks[list[JoinRequest]]:
    return _waiting_for(organisation.pk), list


@compiled_for(UUID(int=1))
def _waiting_for(organisation: UUID) -> Rows:
    waiting = JoinRequest.objects.filter(organisation=organisation, settled_at=None)
    return Rows(waiting, "person")


def waiting(
    organisation: Organisation, invitations: Iterable[Invitation], *, now: datetime
) -> list[tuple[JoinRequest, bool]]:
    """Return the open requests to join, each with whether one of the invitations answers it."""
    asked = waiting_for(organisation)
    if not asked:
        return []
    open_ = Invitation.State.WAITING
    invited = {mailbox(each.email) for each in invitations if each.state(now) == open_}
    return [(each, mailbox(each.person.email) in invited) for each in asked]


def unanswered(person: Person, organisation: Organisation, *, now: datetime) -> int:
    """Return the number of requests to join without an invitation; 0 for non-administrators."""
    own = access.current_membership(person, organisation.pk)
    if own is None or own.role != Membership.Role.ADMINISTRATOR or not access.administers(own):
        return 0
    asked = waiting(organisation, organisation.invitations.all()[:NEWEST], now=now)
    return sum(not invited for _request, invited in asked)
