"""Celery tasks of this app, called by the outbox or by beat."""

from datetime import datetime
from typing import Any

from celery import shared_task

from accounts.mail import MAILS
from accounts.services.organisations import consents
from accounts.services.organisations import follow_register as follow_register_organisations
from accounts.services.people import forget
from certportal.foundation import clock
from certportal.foundation.mail import mails
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox


@outbox.task("accounts.send_mail")
def send_mail(*, item: OutboxItem, now: datetime, kind: str, **_: Any) -> None:
    """Send the mail of the payload's `kind`; a mail that is no longer relevant is dropped."""
    mails.send(MAILS[kind], item, now=now)


@shared_task(name="accounts.forget_expired")
def forget_expired() -> None:
    """Delete expired sessions and SAML answers; beat calls this every hour."""
    forget.forget_expired(now=clock.now())


@shared_task(name="accounts.follow_days")
def follow_days() -> None:
    """Rename accounts whose register name takes effect today, also on days without an import.

    Beat calls this every night.
    """
    follow_register_organisations.follow_register(now=clock.now())


@shared_task(name="accounts.warn_of_ending_consents")
def warn_of_ending_consents() -> None:
    """Tell customers and suppliers of consents whose last day is near; beat calls this daily."""
    consents.warn_of_ending(now=clock.now())


@outbox.task("accounts.follow_register")
def follow_register(*, item: OutboxItem, now: datetime, **_: Any) -> None:
    """Rename accounts whose organisations were renamed in the register, after an import."""
    follow_register_organisations.follow_register(now=now)
