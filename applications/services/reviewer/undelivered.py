"""Undelivered mails about orders: a reviewer corrects the address and sends the mail again."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from applications.errors import require
from applications.models import Application
from applications.rules import impartiality
from applications.rules.undelivered import orders_of, recipient_of, sent_to
from applications.services import transition
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside


class NotOurs(Refused):
    message = _(
        "The address is not ours to correct: a person confirms their own address, and the applicant"
        " names the technical contact."
    )


# The field of the order with the address, by recipient. Others cannot be corrected here: a person
# verifies their own address, and another address of the technical contact needs a new link.
CORRECTABLE = {"applicant": "contact_email", "recipient": "contact_email", "mailbox": "mailbox"}


def address_field(item: OutboxItem, application: Application) -> str:
    """Return the name of the order's field that a reviewer may correct for this mail, or ""."""
    recipient = recipient_of(item, application)
    if recipient == "recipient" and application.deliver_to != "applicant":
        return ""
    return CORRECTABLE.get(recipient, "")


def to_correct(
    item: OutboxItem, order: Application | None, person: Person, *, now: datetime
) -> Iterator[Refused]:
    """Yield why the reviewer may not correct the address: NotOurs, NotReviewer or bias."""
    if order is None or not address_field(item, order):
        yield NotOurs()
    else:
        yield from impartiality.to_review(person, order, now=now)


@transaction.atomic
def send_again(item_id: UUID, *, person: Person, actor: Actor, now: datetime) -> OutboxItem:
    """Have the item's worker try it again. Raises NotSetAside, NotReviewer."""
    item = set_aside.take_up(item_id, actor=actor, now=now)
    impartiality.require_reviewer(person)
    return item


@transaction.atomic
def give_up(
    item_id: UUID, reason: str, *, person: Person, actor: Actor, now: datetime
) -> OutboxItem:
    """Close the item without doing it, with a reason. Raises NotSetAside, NotReviewer."""
    item = set_aside.give_up(item_id, reason, actor=actor, now=now)
    impartiality.require_reviewer(person)
    return item


@transaction.atomic
def send_corrected(
    item_id: UUID, address: str, *, person: Person, actor: Actor, now: datetime
) -> None:
    """Correct the address and send the mail again; the submissions are unchanged.

    It is corrected on every order of which the mail tells at that address, but not on those of
    another account, which an item of an earlier version may name too. Raises NotSetAside,
    NotReviewer, and what `to_correct` yields for any of them.
    """
    item = send_again(item_id, person=person, actor=actor, now=now)
    keys = [order.pk for order in orders_of(item)]
    transition.lock_all(Application.objects.filter(pk__in=keys))
    orders = orders_of(item)  # some may have been erased meanwhile
    require(to_correct(item, orders[0] if orders else None, person, now=now))
    for application in orders:
        if application.organisation_id != orders[0].organisation_id:
            continue
        field = address_field(item, application)
        if application == orders[0] or (field and sent_to(item, application)):
            require(impartiality.to_review(person, application, now=now))
            transition.save(application, now=now, **{field: address})
            events.record(ApplicationEvent.CORRECT_ADDRESS, application, actor, now, field=field)
