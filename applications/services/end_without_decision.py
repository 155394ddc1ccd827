"""End an application without a decision: withdrawal, lapse, and the end of its account."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import prefetch_related_objects

from applications.models import Application
from applications.rules import recipients
from applications.services import transition, unsent_extracts
from applications.services.applicant.answers import close_unanswered
from applications.services.collected import Notify, together
from applications.workflow import Action
from certportal.foundation.actors import Actor, system
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.outbox import outbox
from issuance import services as authority


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


def end_with_account(
    applications: Sequence[Application], *, actor: Actor, now: datetime
) -> list[Application]:
    """End the locked open orders of an account that is being closed, by a statement for all.

    Returns those that ended: an order that is being signed goes on, since its certificate can only
    be revoked. Call before the memberships end, because the sender gets the mail as a member.
    """
    action = Action.END_WITH_ACCOUNT
    keys = [application.pk for application in applications]
    signed = authority.void_all(keys, action, actor=actor, now=now).signed
    ending = [application for application in applications if application.pk not in signed]
    prefetch_related_objects(ending, "contact_links__member__person", "attachments")
    with one_reading():  # before the links end
        told = {order: recipients.by_closing(order, now=now) for order in ending}
        mails = together("account_closed", told)
    _end_all(ending, action, actor, now)
    outbox.enqueue_all("application.notice", mails, now=now)
    return ending


def _end(application: Application, action: Action, actor: Actor, now: datetime) -> Application:
    authority.void(application.pk, action, actor=actor, now=now)
    _end_all([application], action, actor, now)
    return application


def _end_all(ending: Sequence[Application], action: Action, actor: Actor, now: datetime) -> None:
    close_unanswered(*ending, actor=actor, now=now)
    unsent_extracts.remove(*ending, actor=actor, now=now)
    transition.move_all(
        ending, action, actor, now, ended_at=now, due_on=None, **transition.NOT_WAITING
    )
