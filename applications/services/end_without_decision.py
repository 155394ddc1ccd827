"""End an application without a decision: withdrawal, lapse, and the end of its account."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications.models import Application
from applications.rules import recipients
from applications.services import transition, unsent_extracts
from applications.services.applicant.answers import close_unanswered
from applications.services.collected import Notify
from applications.workflow import Action
from certportal.foundation.actors import Actor, system
from issuance import services as authority
from issuance.services.errors import AlreadySigning


@transaction.atomic
def withdraw(application_id: UUID, *, version: int, actor: Actor, now: datetime) -> Application:
    """Withdraw the application; possible until it is approved. Raises Changed, NotPossible."""
    application = transition.take(Action.WITHDRAW, application_id, actor, version, now=now)
    to = recipients.by_withdrawal(application, now=now)  # must be found before the links end
    withdrawn = _end(application, Action.WITHDRAW, actor, now)
    transition.notify(withdrawn, "withdrawn", to, now)
    return withdrawn


@transaction.atomic
def lapse(
    application_id: UUID, *, notify: Notify = transition.notify, now: datetime
) -> Application:
    """Let an application lapse that has been pending and incomplete for over six months.

    The caller judges the dates, and may collect the mails (`notify`). Raises NotPossible in a
    status that cannot lapse.
    """
    application = transition.take(Action.LAPSE, application_id, now=now)
    to = recipients.by_lapse(application, now=now)  # must be found before the links end
    lapsed = _end(application, Action.LAPSE, system("clock"), now)
    notify(lapsed, "lapsed", to, now)
    return lapsed


@transaction.atomic
def end_with_account(application_id: UUID, *, actor: Actor, now: datetime) -> Application | None:
    """End an open order whose account is being closed; return None if it is being signed.

    Call before the memberships end, because the sender gets the mail as a member. Raises
    NotPossible in a status that is not open.
    """
    application = transition.take(Action.END_WITH_ACCOUNT, application_id, now=now)
    to = recipients.by_closing(application, now=now)  # must be found before the links end
    try:
        ended = _end(application, Action.END_WITH_ACCOUNT, actor, now)
    except AlreadySigning:  # such a certificate can only be revoked
        return None
    transition.notify(ended, "account_closed", to, now)
    return ended


def _end(application: Application, action: Action, actor: Actor, now: datetime) -> Application:
    authority.void(application.pk, action, actor=actor, now=now)
    close_unanswered(application, actor=actor, now=now)
    unsent_extracts.remove(application, actor=actor, now=now)
    return transition.move(
        application, action, actor, now, ended_at=now, due_on=None, **transition.NOT_WAITING
    )
