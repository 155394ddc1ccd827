"""The scheduler of beat: puts itself right after the clock was put back, and says it is alive."""

import time
from datetime import timedelta
from typing import Any

import redis
import structlog
from celery.beat import PersistentScheduler, ScheduleEntry

from certportal.foundation import clock, redis_store
from certportal.operations.probe import heartbeat_of

log = structlog.get_logger(__name__)

SLACK = timedelta(minutes=1)
"""Time that an entry may be ahead of the clock, which a time server moves by seconds."""
BETWEEN_SIGNS = 10
"""Seconds between two signs of life."""
LIFE = timedelta(seconds=35)


class Scheduler(PersistentScheduler):
    """Celery's own scheduler, which keeps its last runs in a file.

    After the clock was put back by an hour, an entry that ran just before would be due only in an
    hour, and CRLs that were made then would be dated in the future meanwhile. Such entries are run
    at once.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._said_at = -float(BETWEEN_SIGNS)
        super().__init__(*args, **options)
        self.max_interval = BETWEEN_SIGNS

    def tick(self, *args: Any, **options: Any) -> float:
        """Send what is due; return the seconds until the next tick."""
        ahead = [entry for entry in self.schedule.values() if _is_ahead(entry)]
        if ahead:
            log.warning("clock_put_back", entries=len(ahead))
            for entry in ahead:
                _make_due(entry)
            self._heap = None  # the order of the entries, which Celery makes again
        self._give_sign()
        return float(super().tick(*args, **options))

    def _give_sign(self) -> None:
        if time.monotonic() - self._said_at < BETWEEN_SIGNS:
            return
        self._said_at = time.monotonic()
        try:
            redis_store.connect().set(heartbeat_of("beat"), clock.now().isoformat(), ex=LIFE)
        except redis.RedisError as error:
            log.warning("no_sign_of_life", error=type(error).__name__)


def _is_ahead(entry: ScheduleEntry) -> bool:
    return entry.last_run_at is not None and entry.last_run_at > clock.now() + SLACK


def _make_due(entry: ScheduleEntry) -> None:
    """Let an interval end now; what has its time of day waits for that."""
    every: timedelta = getattr(entry.schedule, "run_every", timedelta())
    entry.last_run_at = clock.now() - every
