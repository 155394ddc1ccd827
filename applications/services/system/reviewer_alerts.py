"""Telling the reviewers: each working morning, and when something cannot wait for one."""

from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from accounts.models import AdministratorRequest
from accounts.register import queries
from accounts.services import recovering
from applications import watch
from applications.services import ledger
from certportal.foundation import clock, outbox

log = structlog.get_logger(__name__)


def greet_reviewers(*, now: datetime) -> None:
    """Have each reviewer mailed about the day's work, once a working day from 7.30 on.

    A morning with nothing due, late or unclaimed is left in peace.
    """
    if not watch.is_morning(now):
        return
    today = clock.day(now)
    empty = watch.work_of(today).is_empty
    for person in watch.reviewers():
        _tell(person.pk, "morning", today.isoformat(), silent=empty, now=now)


def raise_alarms(*, now: datetime) -> None:
    """Alarm of each source that an application has waited for over four hours, once a day; and
    of each import of a register that has stopped and asks, once.
    """
    for run in queries.waiting_runs():
        for person in watch.reviewers():
            _tell(person.pk, "register_held", str(run.pk), source=str(run.pk), now=now)
    today = clock.day(now).isoformat()
    waiting = sorted(watch.waiting_too_long(now), key=attrgetter("waiting_for"))
    for source, cases in groupby(waiting, key=attrgetter("waiting_for")):
        log.error("source_awaited_too_long", source=source, applications=len(list(cases)))
        for person in watch.reviewers():
            _tell(person.pk, "alarm", f"{today}:{source}", source=source, now=now)


@transaction.atomic
def tell_administrator_asked(request_id: int, *, now: datetime) -> None:
    """Enqueue a mail to each reviewer who may decide the request for a new administrator."""
    request = AdministratorRequest.objects.get(pk=request_id)
    for reader in watch.reviewers():
        if recovering.may_decide(reader, request, now=now):
            key, source = str(reader.pk), str(request.pk)
            notice = "administrator_wanted"
            outbox.enqueue("reviewer.mail", now=now, person=key, notice=notice, source=source)


@transaction.atomic
def _tell(
    person_id: UUID,
    notice: str,
    key: str,
    *,
    now: datetime,
    silent: bool = False,
    **payload: Any,
) -> None:
    if ledger.once(notice, person_id, key[:40], now=now) and not silent:
        outbox.enqueue("reviewer.mail", now=now, person=str(person_id), notice=notice, **payload)
