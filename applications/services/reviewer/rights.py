"""A reviewer confirms a person's right to act for an organisation."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts import access
from accounts.models import Membership, Person
from accounts.services.organisations import membership as members
from accounts.services.rights import confirm
from applications.errors import require
from applications.models import Application
from applications.rules import impartiality
from applications.rules.sender import right_to_send
from applications.services import transition
from applications.services.reviewer.waivers import EVIDENCE_CHANGED, start_over
from applications.workflow import ENDED, Status
from certportal.foundation.actors import Actor
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.errors import NotAllowed


def to_confirm(right: Membership, person: Person, *, now: datetime) -> Iterator[NotAllowed]:
    """Yield why the reviewer may not confirm the right: OwnRight, PartInAnOrder.

    PartInAnOrder is for an order that awaits the right, because the confirmation decides about
    these orders too (hallintolaki 28 §).
    """
    if access.is_partial(person, right.organisation_id, now=now):
        yield confirm.OwnRight()
    # Finding a sender's right takes queries, so only orders the reviewer has a part in are checked.
    if _filter_resting_on(right, impartiality.parts(person, _undecided(right))):
        yield impartiality.PartInAnOrder()


def _undecided(right: Membership) -> QuerySet[Application]:
    """Return the organisation's orders that are sent and neither issued nor ended."""
    sent = Application.objects.filter(organisation=right.organisation_id)
    awaiting = sent.exclude(status__in=[Status.DRAFT, Status.ISSUED, *ENDED])
    return awaiting.select_related("submission__person", "organisation").order_by("pk")


def _filter_resting_on(right: Membership, orders: Iterable[Application]) -> list[Application]:
    """Return those of the orders that rest on the right; looks up each sender's right once."""
    orders = list(orders)
    one_of = {order.submission.person_id: order for order in orders if order.submission}
    senders = {key for key, order in one_of.items() if right_to_send(order) == right}
    return [order for order in orders if order.submission and order.submission.person_id in senders]


@contextmanager
def weighed_anew(right: Membership | None, *, actor: Actor, now: datetime) -> Iterator[None]:
    """Void the approvals of orders resting on a weak right when the block records other evidence.

    The approvals were given on the earlier evidence. Use in a transaction that has locked the
    account. The orders are locked before the block, which locks memberships: the same sequence as
    in closing an account.
    """
    resting = _filter_resting_on(right, _undecided(right)) if right and right.is_weak else []
    rows = Application.objects.filter(pk__in=[order.pk for order in resting])
    orders = transition.lock_all(rows.select_related("submission__person", "organisation"))
    with one_reading():
        before = [_evidence(order) for order in orders]
    yield
    with one_reading():
        changed = [
            order
            for order, evidence in zip(orders, before, strict=True)
            if order.status == Status.IN_REVIEW and _evidence(order) != evidence
        ]
    start_over(*changed, reason=EVIDENCE_CHANGED, actor=actor, now=now)


def _evidence(order: Application) -> tuple[object, ...] | None:
    right = right_to_send(order)
    return None if right is None else (right.pk, right.basis_note, right.confirmed_until)


@transaction.atomic
def confirm_right(
    membership_id: int,
    *,
    note: str,
    until: date | None = None,
    shown: str | None = None,
    person: Person,
    actor: Actor,
    now: datetime,
) -> Membership:
    """Confirm the right as `accounts.services.rights.confirm.confirm_right` does.

    Approvals of orders in review that rest on a weak right are void if its evidence or last day
    changes. Raises NotReviewer, the errors of that service, and what `to_confirm` yields.
    """
    memberships = Membership.objects.select_related("person", "organisation")
    members.lock_account(memberships.get(pk=membership_id).organisation_id)
    right = memberships.get(pk=membership_id)
    with weighed_anew(right, actor=actor, now=now):
        # The role is also gone from a record that was merged meanwhile, perhaps with the member's.
        impartiality.require_reviewer(person)
        require(to_confirm(right, person, now=now))
        return confirm.confirm_right(
            membership_id, note=note, until=until, shown=shown, by=person, actor=actor, now=now
        )
