"""The clock of this machine beside the database's, which all machines can ask."""

from datetime import UTC, datetime

import structlog

from certportal.foundation import clock
from certportal.foundation.database.statements import execute
from certportal.foundation.errors import Unavailable

log = structlog.get_logger(__name__)


class ClockDiffers(Unavailable):
    """This machine's clock and the database's differ by more than `clock.MAY_DIFFER`."""


def require_agreement() -> None:
    """Raise ClockDiffers unless this machine's clock agrees with the database's.

    For work whose outcome states a time, or holds another machine's time against this one's. The
    answer may take any time, since the database or this process may have stood still.
    """
    asked_at = machine_time()
    ((theirs,),) = execute("SELECT clock_timestamp()")
    if asked_at - clock.MAY_DIFFER <= theirs <= machine_time() + clock.MAY_DIFFER:
        _tell(None)
        return
    ahead = round((asked_at - theirs).total_seconds())
    _tell(ahead)
    raise ClockDiffers(f"this machine's clock is {ahead} seconds ahead of the database's")


_told: dict[str, int] = {}
"""The difference that this process has logged, as `ahead`; empty while the clocks agree."""


def _tell(ahead: int | None) -> None:
    """Log a difference when it begins, when it changes by more than `MAY_DIFFER`, and its end.

    It is asked about at every work and every call of `/healthz`, so that one line each would fill
    the log with the same error.
    """
    told = _told.get("ahead")
    if ahead is None:
        if _told.pop("ahead", None) is not None:
            log.warning("clock_agrees_again")
    elif told is None or abs(ahead - told) > clock.MAY_DIFFER.total_seconds():
        _told["ahead"] = ahead
        log.error("clock_differs", ahead_by_seconds=ahead)


def machine_time() -> datetime:
    """Return the time of this machine's clock: not `clock.now`, by which tests move the hour."""
    return datetime.now(UTC)
