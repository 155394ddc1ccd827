"""Undelivered mails about an order, which wait for a reviewer."""

from applications.models import Application
from applications.rules.recipients import resolve
from certportal.foundation.combined_queries import Asks, Question, Rows
from certportal.foundation.mail.sending import mark_of
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside
from certportal.foundation.outbox.outbox import MAIL

# Recipients whose address is a field of the order; others have theirs in their own account.
ON_THE_ORDER = frozenset({"applicant", "recipient", "mailbox", "technical_contact", "deputy"})


def order_of(item: OutboxItem) -> Application | None:
    """Return the order that the mail is about; None for other items, or if deleted or erased."""
    key = item.payload.get("application")
    orders = Application.objects.select_related("organisation", "submission", "reviewer")
    return orders.filter(pk=key, erased_at=None).first() if key else None


def sent_to(item: OutboxItem, order: Application) -> str:
    """Return the address that the mail was sent to, or "" if the recipient has another one now.

    For example, the order may name another technical contact by now.
    """
    recipient = item.payload.get("recipient", "")
    current = resolve(order, recipient)[0] if recipient else ""
    return current if current and item.sent_to == mark_of(current) else ""


def address(item: OutboxItem, order: Application) -> str:
    """Return the address that the mail was sent to if it is a field of the order, else ""."""
    return sent_to(item, order) if item.payload.get("recipient") in ON_THE_ORDER else ""


@Question
def mails(order: Application) -> Asks[list[OutboxItem]]:
    """Return the mails about the order that were set aside, the oldest first."""
    return Rows(set_aside.items().filter(queue=MAIL, payload__application=str(order.pk))), list


def addresses(order: Application) -> list[str]:
    """Return the order's addresses that mails did not reach, each once."""
    lost = {email.casefold(): email for item in mails(order) if (email := address(item, order))}
    return list(lost.values())
