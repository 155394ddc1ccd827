"""Makes a `ca` worker wait while the journal of another machine has the signing lease.

Without the lease it could only postpone the work that it takes from the queue, so it waits before
it takes any. A worker that loses the lease ends; it is started again by its supervisor and then
waits.
"""

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import DatabaseError

from certportal.foundation import alarms, clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.standing_faults import Standing
from issuance.services import lease

log = structlog.get_logger(__name__)

SECOND = "second-signer"
"""The alarm of a signer without the lease."""
BETWEEN_LOOKS = 10.0
"""Seconds between two checks of the lease."""
_LASTING = timedelta(minutes=1)
_without_lease = Standing()


def wait_for_lease(pause: Callable[[float], object] = time.sleep) -> None:
    """Block until this machine's journal has the lease, or no journal has it."""
    while _refused():
        pause(BETWEEN_LOOKS)


def may_sign() -> bool:
    """Renew the lease if this machine's journal has it; False if another machine's has it."""
    try:
        return lease.renew(now=clock.now()) or not _refused()
    except (DatabaseError, Unavailable):
        return True  # unknown; other health checks report these failures


def stop_worker() -> None:
    """Stop the Celery worker of this pool process, after its current task (SIGTERM)."""
    os.kill(os.getppid(), signal.SIGTERM)


def _refused() -> bool:
    try:
        why = lease.refusal()
    except (DatabaseError, Unavailable):
        return False  # unknown; every signature checks the lease again
    if _without_lease.is_news(why.partition(". ")[0]):  # not by when the holder was last seen
        log.error("signs_nothing", why=why) if why else log.warning("signs_again")
    if why:
        alarms.sound(SECOND, lasting=_LASTING)
    return bool(why)
