"""Ending without a decision: withdrawal and lapse."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications import concerned
from applications.models import Application
from applications.services import moving
from applications.workflow import Action, Role
from certportal.foundation.actors import Actor, system
from issuance import services as authority


@transaction.atomic
def withdraw(application_id: UUID, *, version: int, actor: Actor, now: datetime) -> Application:
    """Withdraw the application; possible until it is approved."""
    application = moving.lock(application_id, version=version)
    moving.require(application, Action.WITHDRAW, Role.APPLICANT)
    told = concerned.by_withdrawal(application, now=now)  # before the links die
    withdrawn = _end(application, Action.WITHDRAW, Role.APPLICANT, actor, now)
    moving.notify(withdrawn, "withdrawn", told, now)
    return withdrawn


@transaction.atomic
def lapse(application_id: UUID, *, now: datetime) -> Application:
    """Let an application lapse that has been pending and incomplete for over six months."""
    application = moving.lock(application_id)
    moving.require(application, Action.LAPSE, Role.SYSTEM)
    told = concerned.by_lapse(application, now=now)  # before the links die
    lapsed = _end(application, Action.LAPSE, Role.SYSTEM, system("clock"), now)
    moving.notify(lapsed, "lapsed", told, now)
    return lapsed


def _end(
    application: Application, action: Action, role: Role, actor: Actor, now: datetime
) -> Application:
    application.requests.filter(closed_at=None).update(closed_at=now)
    authority.void(application.pk, action, actor=actor, now=now)
    return moving.move(
        application, action, role=role, actor=actor, now=now, ended_at=now, due_on=None
    )
