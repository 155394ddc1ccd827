"""Celery tasks of the foundation."""

from datetime import timedelta

import structlog
from celery import shared_task

from certportal.foundation import alarms, clock
from certportal.foundation.database.database_clock import require_agreement
from certportal.foundation.files import ownership, sweeping
from certportal.foundation.outbox import sweeper
from certportal.foundation.service_tasks import scheduled

log = structlog.get_logger(__name__)

_UNTIL_NEXT = timedelta(hours=25)

sweep = scheduled("foundation.sweep", sweeper.sweep, at_any_clock=True)


@shared_task(name="foundation.sweep_files")
def sweep_files() -> None:
    """Delete stored files that no row names; beat calls this every night.

    Raises the alarm `sweeping.ALARM` while the files may belong to another database, and
    ClockDiffers while this machine's clock is wrong.
    """
    require_agreement()
    try:
        sweeping.sweep(now=clock.now())
    except (ownership.OfAnotherDatabase, sweeping.TooManyUnknown) as error:
        log.error("files_not_swept", kind=type(error).__name__, reason=str(error))
        alarms.sound(sweeping.ALARM, lasting=_UNTIL_NEXT)
    else:
        alarms.clear(sweeping.ALARM)
