"""The `ca` worker of a machine whose journal does not have the lease signs nothing and says so.

It would take work from the queue and could only put it off. So it waits before it takes any; if it
lost the lease while it stood still, it ends, is started again, and waits.
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
from issuance.services import lease

log = structlog.get_logger(__name__)

SECOND = "second-signer"
"""The alarm of a signer that may not sign."""
BETWEEN_LOOKS = 10.0
_LASTING = timedelta(minutes=1)


def wait_for_lease(pause: Callable[[float], object] = time.sleep) -> None:
    """Return when this machine's journal has the lease, or nobody has."""
    while _refused():
        pause(BETWEEN_LOOKS)


def may_sign() -> bool:
    """Give the holder's sign of life; False if another machine's journal has the lease."""
    try:
        return lease.renew(now=clock.now()) or not _refused()
    except (DatabaseError, Unavailable):
        return True  # nothing was found out; both are named by themselves


def stop_worker() -> None:
    """End the worker that this process of its pool belongs to, after the work at hand."""
    os.kill(os.getppid(), signal.SIGTERM)


def _refused() -> bool:
    try:
        why = lease.refusal()
    except (DatabaseError, Unavailable):
        return False  # each signature asks again
    if why:
        log.error("signs_nothing", why=why)
        alarms.sound(SECOND, lasting=_LASTING)
    return bool(why)
