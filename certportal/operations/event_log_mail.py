"""Mails the signed head of the log of events to the auditors, who keep it as an anchor."""

from collections.abc import Mapping
from datetime import datetime

from certportal.foundation.mail import mails
from certportal.foundation.mail.mails import Asked, Mail, To, registry
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox


@outbox.task("certportal.mail_event_log_head")
def mail_event_log_head(*, item: OutboxItem, now: datetime, **_: str) -> None:
    """Mail the head to one auditor, with a text in Finnish."""
    mails.send(MAILS["event_log_head"], item, now=now)


def _auditor(given: Mapping[str, str], _asked: Asked) -> To:
    return To(given["address"], "fi")


MAILS = registry(
    Mail(
        "pages/mail/event_log_head",
        about=lambda asked: asked.payload,
        to=_auditor,
        context=lambda given, _asked: given,
    )
)
