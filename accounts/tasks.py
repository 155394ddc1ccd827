"""Work of this app that the outbox hands over or beat calls."""

from datetime import datetime
from typing import Any

from celery import shared_task

from accounts import notices
from accounts.services import following, forgetting
from certportal.foundation import clock, mail, outbox
from certportal.foundation.models import OutboxItem


@outbox.task("accounts.send_mail")
def send_mail(*, item: OutboxItem, now: datetime, **payload: Any) -> None:
    """Send the mail that the payload's `kind` names; one that has become pointless is dropped."""
    message = notices.write(now=now, **payload)
    if message is not None:
        mail.send(message, item_id=item.pk)


@shared_task(name="accounts.forget_expired")
def forget_expired() -> None:
    """Delete ended sessions and old codes; beat calls this every hour."""
    forgetting.forget_expired(now=clock.now())


@shared_task(name="accounts.follow_days")
def follow_days() -> None:
    """As after an import: names begin on their day without one. Beat calls this every night."""
    following.follow_register(now=clock.now())


@outbox.task("accounts.follow_register")
def follow_register(*, item: OutboxItem, now: datetime, **_: Any) -> None:
    """Rename accounts as the register has renamed their organisations."""
    following.follow_register(now=now)
