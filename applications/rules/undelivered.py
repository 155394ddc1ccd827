"""Undelivered mails about an order, which wait for a reviewer."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, prefetch_related_objects

from applications.models import Application
from applications.rules.recipients import resolve
from applications.rules.told_together import orders_told
from certportal.foundation.database.combined_queries import Asks, Question, Rows
from certportal.foundation.mail.sending import mark_of
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside
from certportal.foundation.outbox.outbox import MAIL
from certportal.foundation.text.mail_addresses import mailbox

# Recipients whose address is a field of the order; others have theirs in their own account.
ON_THE_ORDER = frozenset({"applicant", "recipient", "mailbox", "technical_contact", "deputy"})


def orders_of(item: OutboxItem) -> list[Application]:
    """Return the orders that the mail is about, the first first, without those that were erased.

    Empty for items that are about no order; those that were deleted are left out.
    """
    return _orders(list(orders_told(item.payload)))


def order_of(item: OutboxItem) -> Application | None:
    told = list(orders_told(item.payload))
    return next(iter(_orders(told[:1]) or _orders(told[1:])), None)


def order_of_each(items: Iterable[OutboxItem]) -> dict[UUID, Application]:
    """Return the first order of each mail by the key of the item, read together.

    Left out are items whose first order is no longer there: `order_of` looks for another.
    """
    first = {item.pk: next(iter(orders_told(item.payload)), "") for item in items}
    orders = _orders(list(filter(None, first.values())))
    prefetch_related_objects(orders, "host_names", "contact_links", "submission__person")
    found = {str(order.pk): order for order in orders}
    return {item: found[key] for item, key in first.items() if key in found}


def _orders(told: list[str]) -> list[Application]:
    orders = Application.objects.select_related("organisation", "submission", "reviewer")
    found = orders.filter(pk__in=told, erased_at=None)
    return sorted(found, key=lambda order: told.index(str(order.pk)))


def recipient_of(item: OutboxItem, order: Application) -> str:
    """Return to whom the mail tells of the order; "" if it does not."""
    return orders_told(item.payload).get(str(order.pk), "")


def sent_to(item: OutboxItem, order: Application) -> str:
    """Return the address that the mail was sent to, or "" if the recipient has another one now.

    For example, the order may name another technical contact by now.
    """
    recipient = recipient_of(item, order)
    current = resolve(order, recipient)[0] if recipient else ""
    return current if current and item.sent_to == mark_of(current) else ""


def address(item: OutboxItem, order: Application) -> str:
    """Return the address that the mail was sent to if it is a field of the order, else ""."""
    return sent_to(item, order) if recipient_of(item, order) in ON_THE_ORDER else ""


@Question
def mails(order: Application) -> Asks[list[OutboxItem]]:
    """Return the mails about the order that were set aside, the oldest first."""
    told = Q(payload__application=str(order.pk)) | Q(payload__others__has_key=str(order.pk))
    return Rows(set_aside.items().filter(told, queue=MAIL)), list


def addresses(order: Application) -> list[str]:
    """Return the order's addresses that mails did not reach, each once."""
    lost = {mailbox(email): email for item in mails(order) if (email := address(item, order))}
    return list(lost.values())
