"""Work of this app that the outbox hands over."""

from datetime import datetime
from typing import Any

from accounts import notices
from certportal.foundation import mail, outbox
from certportal.foundation.models import OutboxItem


@outbox.task("accounts.send_mail")
def send_mail(*, item: OutboxItem, now: datetime, **payload: Any) -> None:
    """Send the mail that the payload's `kind` names; one that has become pointless is dropped."""
    message = notices.write(now=now, **payload)
    if message is not None:
        mail.send(message, item_id=item.pk)
