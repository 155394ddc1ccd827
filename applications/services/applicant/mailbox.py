"""Proving a shared mailbox: a code is mailed to it and typed back by the applicant."""

import hmac
import uuid
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from applications import contents
from applications.errors import NotPossible
from applications.mailbox import digits, is_waiting
from applications.models import Application
from applications.services import moving
from certportal.foundation import limits, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused

LASTS = timedelta(minutes=30)
MOST_TRIES = 5
MOST_CODES = 5
"""Codes within an hour, for one order and to one address."""
MOST_BY_ONE, MOST_FROM = 30, 200
"""Codes within an hour, asked for by one person and from one network address."""


class WrongMailboxCode(Refused):
    """The code is not the one that was mailed, or it no longer counts."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The code is wrong or has expired. Check it, or ask for a new code."))


def ask_mailbox_code(
    application_id: UUID, address: str, *, version: int, actor: Actor, now: datetime
) -> Application:
    """Mail a fresh code to the address; an earlier code and an earlier proof no longer count.

    Raises TooMany after a few codes within an hour, Changed, NotPossible.
    """
    hour = timedelta(hours=1)
    for subject in (str(application_id), address.lower()):
        limits.spend("mailbox_code", subject, most=MOST_CODES, per=hour, now=now)
    limits.spend_by("mailbox_code", actor, most=MOST_BY_ONE, most_from=MOST_FROM, per=hour, now=now)
    with transaction.atomic():
        application = _editable(application_id, version, now)
        code = uuid.uuid4()
        moving.save(
            application,
            now=now,
            certified_email=address,
            mailbox_code=code,
            mailbox_code_until=now + LASTS,
            mailbox_code_tries=0,
            mailbox_proved_at=None,
        )
        moving.record(application, "ask_mailbox_code", actor=actor, now=now)
        reference = str(application.pk)
        outbox.enqueue("application.mailbox_code", now=now, reference=reference, code=str(code))
    return application


def prove_mailbox(
    application_id: UUID, typed: str, *, version: int, actor: Actor, now: datetime
) -> Application:
    """Take the mailbox as proven when the code is right. Raises WrongMailboxCode, Changed.

    A wrong try is counted and stays counted; after MOST_TRIES the code is dead.
    """
    with transaction.atomic():
        application = _editable(application_id, version, now)
        right = is_waiting(application, now) and _same(digits(application), typed)
        if right:
            moving.save(application, now=now, mailbox_code=None, mailbox_proved_at=now)
            moving.record(application, "prove_mailbox", actor=actor, now=now)
        else:
            _count_try(application)
    if not right:
        raise WrongMailboxCode
    return application


def _editable(application_id: UUID, version: int, now: datetime) -> Application:
    application = moving.lock(application_id, version=version)
    if "mailbox_proof" not in contents.editable(application, now=now):
        raise NotPossible
    return application


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _count_try(application: Application) -> None:
    """Not a change that anybody else sees: the version stays."""
    application.mailbox_code_tries += 1
    if application.mailbox_code_tries >= MOST_TRIES:
        application.mailbox_code = None
    application.save(update_fields=["mailbox_code_tries", "mailbox_code"])
