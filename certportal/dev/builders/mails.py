"""Writing the mails of outbox items, as the workers do."""

from datetime import datetime
from typing import Any

from accounts import mail as accounts_mail
from applications import mail as applications_mail
from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.mail import mails
from certportal.foundation.mail.sending import Message
from certportal.foundation.models import OutboxItem
from certportal.operations import event_log_mail
from certportal.public import feedback

OURS = event_log_mail.MAILS | feedback.MAILS
MAILS = accounts_mail.MAILS | applications_mail.MAILS | OURS
# Topics with only one mail; items of other topics name their mail.
ALONE = {
    "application.mailbox_code": "mailbox_code",
    "event_log.anchored": "event_log_head",
    "feedback.given": "feedback",
}


def name_of(item: OutboxItem) -> str:
    return mails.name_of(item) or ALONE[item.topic]


def written(item: OutboxItem, *, now: datetime | None = None, language: str = "") -> Message | None:
    row = MAILS[name_of(item)]
    return mails.write(row, item.payload, now=now or clock.now(), language=language)


def write(mail_name: str, *, now: datetime | None = None, **payload: Any) -> Message | None:
    """Return the mail of this name for the payload of an item."""
    return mails.write(MAILS[mail_name], payload, now=now or clock.now())


def about_order(
    mail_name: str, order: Application, recipient: str, *, now: datetime | None = None
) -> Message | None:
    """Return the mail about the order to the recipient (see `applications.rules.recipients`)."""
    return write(mail_name, now=now, application=str(order.pk), recipient=recipient)
