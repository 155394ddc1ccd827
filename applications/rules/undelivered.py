"""Mails about an order that did not reach their recipient and wait for a reviewer."""

from applications.models import Application
from applications.rules.recipients import resolve
from certportal.foundation.mail.sending import mark_of
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside
from certportal.foundation.outbox.outbox import MAIL
from certportal.foundation.together import Asks, Question, Rows

# Recipients whose address stands on the order; others have theirs in their own account.
ON_THE_ORDER = frozenset({"applicant", "recipient", "mailbox", "technical_contact", "deputy"})


def order_of(item: OutboxItem) -> Application | None:
    """Return the order that the mail is about; None for other items, or if deleted or erased."""
    key = item.payload.get("application")
    found = Application.objects.select_related("organisation", "submission", "reviewer")
    return found.filter(pk=key, erased_at=None).first() if key else None


def sent_to(item: OutboxItem, order: Application) -> str:
    """Return the address that the mail was sent to, "" if its recipient has another one now.

    A technical contact may have been named anew since; nothing is known of the new address.
    """
    recipient = item.payload.get("recipient", "")
    today = resolve(order, recipient)[0] if recipient else ""
    return today if today and item.sent_to == mark_of(today) else ""


def address(item: OutboxItem, order: Application) -> str:
    """Return the address that the mail was sent to if it stands on the order, else ""."""
    return sent_to(item, order) if item.payload.get("recipient") in ON_THE_ORDER else ""


@Question
def mails(order: Application) -> Asks[list[OutboxItem]]:
    """Return the mails about the order that were set aside, the oldest first."""
    return Rows(set_aside.items().filter(queue=MAIL, payload__application=str(order.pk))), list


def addresses(order: Application) -> list[str]:
    """Return the addresses on the order that mails did not reach, each once."""
    found = {one.casefold(): one for item in mails(order) if (one := address(item, order))}
    return list(found.values())
