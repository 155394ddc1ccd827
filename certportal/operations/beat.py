"""The scheduler of beat: recovers after the clock was set back, and writes a heartbeat."""

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
"""How far an entry's last run may be in the future: time servers adjust the clock by seconds."""
HEARTBEAT_SECONDS = 10
LIFE = timedelta(seconds=35)
"""Lifetime of a heartbeat in Redis."""


class Scheduler(PersistentScheduler):
    """Celery's scheduler with a file of last runs, corrected after the clock was set back.

    If the clock is set back by an hour, an entry that has just run would be due only in an hour,
    and CRLs that it made would be dated in the future meanwhile. Such entries run at once.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._heartbeat_at = -float(HEARTBEAT_SECONDS)
        super().__init__(*args, **options)
        self.max_interval = HEARTBEAT_SECONDS

    def tick(self, *args: Any, **options: Any) -> float:
        """Send what is due; return the seconds until the next tick."""
        ahead = [entry for entry in self.schedule.values() if _is_ahead(entry)]
        if ahead:
            log.warning("clock_put_back", entries=len(ahead))
            for entry in ahead:
                # A crontab entry has no interval and waits for its time of day.
                interval: timedelta = getattr(entry.schedule, "run_every", timedelta())
                entry.last_run_at = clock.now() - interval
            self._heap = None  # Celery sorts the entries again
        self._write_heartbeat()
        return float(super().tick(*args, **options))

    def _write_heartbeat(self) -> None:
        if time.monotonic() - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        self._heartbeat_at = time.monotonic()
        try:
            redis_store.connect().set(heartbeat_of("beat"), clock.now().isoformat(), ex=LIFE)
        except redis.RedisError as error:
            log.warning("no_sign_of_life", error=type(error).__name__)


def _is_ahead(entry: ScheduleEntry) -> bool:
    return entry.last_run_at is not None and entry.last_run_at > clock.now() + SLACK
