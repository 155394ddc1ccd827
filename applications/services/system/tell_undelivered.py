"""Tell the sender of an order that mails do not reach an address on it."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications.models import Application
from applications.rules import recipients, undelivered
from applications.services import sent_once, transition
from certportal.foundation.mail.sending import mark_of
from certportal.foundation.outbox import outbox, set_aside


@transaction.atomic
def tell_undelivered(item_id: UUID, *, now: datetime) -> None:
    """Enqueue a mail to the sender, or the administrators if they have left; once for each address.

    Nothing is sent to the undelivered address itself, or about a mail that concerns no order. Of a
    mail about several orders, the sender is told once.
    """
    item = set_aside.items().filter(pk=item_id).first()
    if item is None:
        return
    told = defaultdict[tuple[str, ...], list[Application]](list)
    for order in undelivered.orders_of(item):
        lost = undelivered.address(item, order)
        people = recipients.author(order) or recipients.administrators(order)
        to = tuple(
            name for name in people if mark_of(recipients.resolve(order, name)[0]) != mark_of(lost)
        )
        if lost and to and sent_once.once("undelivered", order.pk, mark_of(lost), now=now):
            told[to].append(order)
    for to, (first, *others) in told.items():
        keys = [str(order.pk) for order in others]
        mails = [
            mail | {"others": dict.fromkeys(keys, mail["recipient"])}
            for mail in transition.notices("undelivered", {first: to})
        ]
        outbox.enqueue_all("application.notice", mails, now=now)
