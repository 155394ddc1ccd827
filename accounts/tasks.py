"""Celery tasks of this app, called by the outbox or by beat."""

from datetime import datetime
from typing import Any

from accounts.mail import MAILS
from accounts.services.organisations import consents
from accounts.services.organisations import follow_register as follow_register_organisations
from accounts.services.people import forget
from certportal.foundation.mail import mails
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.scheduled import job

send_mail = mails.task("accounts.send_mail", MAILS)
forget_expired = job("accounts.forget_expired", forget.forget_expired)
warn_of_ending_consents = job("accounts.warn_of_ending_consents", consents.warn_of_ending)
# Every night, also on days without an import: the name in the register may take effect today.
follow_days = job("accounts.follow_days", follow_register_organisations.follow_register)


@outbox.task("accounts.follow_register")
def follow_register(*, item: OutboxItem, now: datetime, **_: Any) -> None:
    """Rename accounts whose organisations were renamed in the register, after an import."""
    follow_register_organisations.follow_register(now=now)
