"""Mails about an order that did not reach their recipient and wait for a reviewer."""

from django.db.models import QuerySet

from applications.models import Application
from applications.rules.recipients import resolve
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside
from certportal.foundation.outbox.outbox import MAIL

# Recipients whose address stands on the order; others have theirs in their own account.
ON_THE_ORDER = frozenset({"applicant", "recipient", "mailbox", "technical_contact", "deputy"})


def order_of(item: OutboxItem) -> Application | None:
    """Return the order that the mail is about; None for other items, or if deleted or erased."""
    key = item.payload.get("application")
    found = Application.objects.select_related("organisation", "submission", "reviewer")
    return found.filter(pk=key, erased_at=None).first() if key else None


def address(item: OutboxItem, order: Application) -> str:
    """Return the address of the mail if it stands on the order, else ""."""
    recipient = item.payload.get("recipient", "")
    return resolve(order, recipient)[0] if recipient in ON_THE_ORDER else ""


def mails(order: Application) -> QuerySet[OutboxItem]:
    """Return the mails about the order that were set aside, the oldest first."""
    return set_aside.items().filter(queue=MAIL, payload__application=str(order.pk))


def addresses(order: Application) -> list[str]:
    """Return the addresses on the order that mails did not reach, each once."""
    found = {one.casefold(): one for item in mails(order) if (one := address(item, order))}
    return list(found.values())
