"""Tell the sender of an order that mails do not reach an address on it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications.rules import recipients, undelivered
from applications.services import sent_once, transition
from certportal.foundation.mail.sending import mark_of
from certportal.foundation.outbox import set_aside


@transaction.atomic
def tell_undelivered(item_id: UUID, *, now: datetime) -> None:
    """Enqueue a mail to the sender, or the administrators if they have left; once for each address.

    Nothing is sent to the undelivered address itself, or about a mail that concerns no order.
    """
    item = set_aside.items().filter(pk=item_id).first()
    order = undelivered.order_of(item) if item else None
    lost = undelivered.address(item, order) if item and order else ""
    if order is None or not lost:
        return
    people = recipients.author(order) or recipients.administrators(order)
    to = tuple(
        name for name in people if mark_of(recipients.resolve(order, name)[0]) != mark_of(lost)
    )
    if to and sent_once.once("undelivered", order.pk, mark_of(lost), now=now):
        transition.notify(order, "undelivered", to, now)
