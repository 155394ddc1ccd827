"""A reviewer confirms that somebody may act for an organisation."""

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
from certportal.foundation.errors import NotAllowed


def to_confirm(right: Membership, person: Person, *, now: datetime) -> Iterator[NotAllowed]:
    """Yield what keeps the reviewer from confirming the right.

    That is OwnRight, and PartInAnOrder for one that awaits the right: the confirmation decides
    about these orders too (hallintolaki 28 §).
    """
    if access.is_partial(person, right.organisation_id, now=now):
        yield confirm.OwnRight()
    # Each sender's right takes queries of its own: only the reviewer's own orders are asked.
    own = impartiality.parts(person, _awaiting(right))
    if _of_them_resting_on(right, own):
        yield impartiality.PartInAnOrder()


def _awaiting(right: Membership) -> QuerySet[Application]:
    """Return the organisation's orders that are sent and neither issued nor ended."""
    sent = Application.objects.filter(organisation=right.organisation_id)
    awaiting = sent.exclude(status__in=[Status.DRAFT, Status.ISSUED, *ENDED])
    return awaiting.select_related("submission__person", "organisation").order_by("pk")


def _resting_on(right: Membership) -> list[Application]:
    """Return those of the awaiting orders that rest on the right."""
    return _of_them_resting_on(right, _awaiting(right))


def _of_them_resting_on(right: Membership, orders: Iterable[Application]) -> list[Application]:
    """Return those of the right's organisation's orders that rest on it: a question a sender."""
    orders = list(orders)
    one_of = {order.submission.person_id: order for order in orders if order.submission}
    senders = {key for key, order in one_of.items() if right_to_send(order) == right}
    return [one for one in orders if one.submission and one.submission.person_id in senders]


@contextmanager
def weighed_anew(right: Membership | None, *, actor: Actor, now: datetime) -> Iterator[None]:
    """Void the approvals of orders resting on a weak right when the block records other evidence.

    Whoever approved them weighed the evidence that was there. For use in a transaction that has
    locked the account; the orders are locked before the block, which locks memberships, as where
    an account is closed.
    """
    resting = _resting_on(right) if right and right.is_weak else []
    orders = [transition.lock(one.pk) for one in resting]
    before = [_evidence(one) for one in orders]
    yield
    for order, evidence in zip(orders, before, strict=True):
        if order.status == Status.IN_REVIEW and _evidence(order) != evidence:
            start_over(order, EVIDENCE_CHANGED, actor=actor, now=now)


def _evidence(order: Application) -> tuple[object, ...] | None:
    right = right_to_send(order)
    return None if right is None else (right.pk, right.basis_note, right.confirmed_until)


@transaction.atomic
def confirm_right(
    membership_id: int,
    *,
    note: str,
    until: date | None = None,
    person: Person,
    actor: Actor,
    now: datetime,
) -> Membership:
    """Confirm the right as `accounts.services.rights.confirm.confirm_right` does.

    Approvals of orders in review that rest on a weak right are void if its evidence or last day
    changes. Raises the errors of that service, and what `to_confirm` yields.
    """
    found = Membership.objects.select_related("person", "organisation")
    members.lock_account(found.get(pk=membership_id).organisation_id)
    right = found.get(pk=membership_id)
    require(to_confirm(right, person, now=now))
    with weighed_anew(right, actor=actor, now=now):
        return confirm.confirm_right(
            membership_id, note=note, until=until, by=person, actor=actor, now=now
        )
