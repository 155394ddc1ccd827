"""Prove control of a shared mailbox: a code is mailed to it, and the applicant enters it."""

import hmac
import uuid
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from applications.models import Application
from applications.rules import sections
from applications.rules.mailbox_code import LASTS, digits, is_waiting
from applications.services import transition
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.outbox import outbox
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.web import limits

MOST_TRIES = 5
MOST_CODES = 5
"""The most codes within an hour, for one order, and by one person to one address."""
MOST_BY_ONE, MOST_FROM = 30, 200
"""The most codes within an hour, by one person and from one network address."""


class WrongMailboxCode(Refused):
    message = _("The code is wrong or has expired. Check it, or ask for a new code.")


def ask_mailbox_code(
    application_id: UUID, address: str, *, version: int, actor: Actor, now: datetime
) -> Application:
    """Mail a new code to the address; an earlier code or proof is no longer valid.

    Raises TooMany, Changed, and NotPossible when that part is not editable.
    """
    # Not of all persons to one address: a stranger could use that up for those whose mailbox it is.
    hour, to_one = timedelta(hours=1), f"{actor}:{mailbox(address)}"
    for subject in (str(application_id), to_one):
        limits.spend("mailbox_code", subject, most=MOST_CODES, per=hour, now=now)
    limits.spend_by("mailbox_code", actor, most=MOST_BY_ONE, most_from=MOST_FROM, per=hour, now=now)
    with transaction.atomic():
        application = _editable(application_id, version, actor, now)
        code = uuid.uuid4()
        transition.save(
            application,
            now=now,
            certified_email=address,
            certified_email_code=code,
            certified_email_code_until=now + LASTS,
            certified_email_code_tries=0,
            certified_email_proved_at=None,
        )
        events.record(ApplicationEvent.ASK_MAILBOX_CODE, application, actor, now)
        reference = str(application.pk)
        outbox.enqueue("application.mailbox_code", now=now, reference=reference, code=str(code))
    return application


def prove_mailbox(
    application_id: UUID, typed: str, *, version: int, actor: Actor, now: datetime
) -> Application:
    """Record the mailbox as proven if the code is right.

    A wrong attempt is counted, and committed although the call fails; after MOST_TRIES the code is
    invalid. Raises WrongMailboxCode, Changed, NotPossible.
    """
    with transaction.atomic():
        application = _editable(application_id, version, actor, now)
        expected = digits(application).encode()
        right = is_waiting(application, now) and hmac.compare_digest(expected, typed.encode())
        if right:
            transition.save(
                application, now=now, certified_email_code=None, certified_email_proved_at=now
            )
            events.record(ApplicationEvent.PROVE_MAILBOX, application, actor, now)
        else:
            # The version is unchanged, as no page shows the count.
            application.certified_email_code_tries += 1
            if application.certified_email_code_tries >= MOST_TRIES:
                application.certified_email_code = None
            application.save(update_fields=["certified_email_code_tries", "certified_email_code"])
    if not right:
        raise WrongMailboxCode
    return application


def _editable(application_id: UUID, version: int, actor: Actor, now: datetime) -> Application:
    application = transition.lock(application_id, by=actor, version=version)
    sections.require_editable(application, "mailbox_proof", now=now)
    return application
