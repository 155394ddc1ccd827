"""Orders and their certificates follow an organisation to its successor."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import access
from accounts.models import Organisation, Person, Succession
from accounts.services import succeeding as accounts
from accounts.services.succeeding import Heir
from applications.changes.models import RegisterTask
from applications.errors import OwnOrganisation
from applications.models import Application
from applications.services import moving
from applications.services.issuing import recall
from applications.services.signing import MayNotAct
from applications.workflow import Status
from certportal.foundation import clock, outbox
from certportal.foundation.actors import Actor
from issuance import services as authority
from issuance.models import Certificate
from issuance.services.errors import AlreadySigning

REASON = "succeeded"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a hand-over would move."""

    former: Organisation
    heir: Heir
    orders: int
    certificates: int
    people: int


def preview_succession(former: str, code: str, *, now: datetime) -> Prospect:
    """Return what would be handed over. Raises NotSucceeding."""
    old = accounts.account_of(former)
    new = accounts.heir(code, on=clock.day(now))
    orders = Application.objects.filter(organisation=old)
    in_force = Certificate.objects.filter(
        reference__in=orders.values("pk"), state=Certificate.State.ISSUED, not_after__gt=now
    )
    people = old.memberships.filter(ended_at=None).count()
    return Prospect(old, new, orders.count(), in_force.count(), people)


@transaction.atomic
def succeed(
    former: str, code: str, *, reason: str, person: Person, actor: Actor, now: datetime
) -> Succession:
    """Hand orders, people and certificates of the business ID `former` over to `code`.

    Certificates follow their orders: the authority's own rows stay as they were signed. What is
    prepared but not signed is void and prepared anew, for its names and its four eyes are the
    former organisation's. Raises NotSucceeding, MayNotAct, OwnOrganisation.
    """
    if not access.is_reviewer(person):
        raise MayNotAct
    _require_stranger(person, former, code, now)
    succession = accounts.hand_over(former, code, reason=reason, by=person, actor=actor, now=now)
    orders = Application.objects.filter(organisation=succession.organisation_id)
    keys = list(orders.order_by("pk").values_list("pk", flat=True))
    for key in keys:
        _hand_over(key, succession, actor, now)
    if succession.organisation_id != succession.successor_id:
        _hand_over_tasks(succession)
    succession.orders = len(keys)
    succession.save(update_fields=["orders"])
    return succession


def _require_stranger(person: Person, former: str, code: str, now: datetime) -> None:
    prospect = preview_succession(former, code, now=now)
    for one in (prospect.former, prospect.heir.account):
        if one is not None and access.is_member(person, one.pk):
            raise OwnOrganisation


def _hand_over(key: UUID, succession: Succession, actor: Actor, now: datetime) -> None:
    application = moving.lock(key)
    moving.save(application, now=now, organisation=succession.successor)
    moving.record(application, "succeed", actor=actor, now=now, data={"succession": succession.pk})
    try:
        authority.void(key, REASON, actor=actor, now=now)
    except AlreadySigning:  # it is signed, and so it stays
        return
    if application.status == Status.APPROVED:
        recall(key, REASON, now=now)
    elif application.status == Status.IN_REVIEW and application.reviewer is not None:
        outbox.enqueue("application.claimed", now=now, reference=str(key))


def _hand_over_tasks(succession: Succession) -> None:
    """Let what is open or decided about the registers follow; the same thing twice stays behind,
    where the next watch closes it."""
    there = RegisterTask.objects.filter(organisation=succession.successor, outcome="")
    moved = RegisterTask.objects.filter(organisation=succession.organisation)
    moved.exclude(outcome="", key__in=list(there.values_list("key", flat=True))).update(
        organisation=succession.successor
    )
