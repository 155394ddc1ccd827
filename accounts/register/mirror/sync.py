"""Synchronisation of the mirror with its source; no transaction is open while fetching."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.register.lookup import queries
from accounts.register.mirror import imports
from accounts.register.mirror.imports import Busy, Report, Source
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from accounts.register.source.client import Download, RegisterClient, load_client
from accounts.register.source.codeserver_api import without_repeats
from accounts.register.source.transport import SourceFault
from certportal.foundation import alarms, clock
from certportal.foundation.errors import Unavailable

# The source compares days by its own clock, and a run may have started just before midnight.
OVERLAP = timedelta(days=1)
FULL_EVERY = timedelta(days=7)
DELTA_EVERY = timedelta(hours=20)
HELD_RESTS = timedelta(hours=24)

ALARM = "register-source"
# The source is asked hourly; its alarm lasts until the next attempt.
UNTIL_NEXT = timedelta(minutes=70)

log = structlog.get_logger(__name__)


def catch_up(*, now: datetime, client: RegisterClient | None = None) -> Report | None:
    """Fetch what is due; if the source fails, log it and leave the retry to the next call.

    A full fetch is due a week after the last successful one, a delta 20 hours after the last
    success of either. While a held run waits for acceptance, the same scope is fetched at most once
    a day. Returns None if nothing was imported.
    """
    client = client or load_client()
    if client is None:
        return None
    try:
        if _full_is_due(client, now):
            return sync_full(client, now=now)
        if _delta_is_due(client, now):
            return sync_delta(client, now=now)
    except (Unavailable, Busy) as fault:
        log.warning("register_not_synchronised", error=type(fault).__name__, reason=str(fault))
    return None


def sync_full(client: RegisterClient, *, now: datetime) -> Report:
    """Fetch the whole register and import it.

    Raises:
        Unavailable: the source failed; recorded as a failed run.
        Busy: another import is running.
    """
    return _sync(client, None, now)


def sync_delta(client: RegisterClient, *, now: datetime) -> Report:
    """Import the changes since the last success from this source; everything if there is none.

    Raises: as `sync_full`.
    """
    last = _last(client, now)
    return _sync(client, None if last is None else clock.day(last.started_at) - OVERLAP, now)


def _sync(client: RegisterClient, since: date | None, now: datetime) -> Report:
    scope = RegisterRun.Scope.FULL if since is None else RegisterRun.Scope.DELTA
    source, present = Source(client.source, scope, 0), clock.going_on(now)
    _require_alone(source, now)
    run = imports.begin(Kind.SOTE_UNIT, source, now=now)
    try:
        with alarms.of_silence(ALARM, lasting=UNTIL_NEXT):
            download = client.download(modified_since=since) if since else _whole(client)
    except Exception as fault:
        reason = str(fault) if isinstance(fault, Unavailable) else type(fault).__name__
        imports.fail(run, reason, now=present())
        raise
    source = replace(source, pages=download.pages)
    # What the source says now is what holds, even if it was restored from a backup.
    return imports.import_rows(
        Kind.SOTE_UNIT, download.rows, source, now=present(), run=run, older=True
    )


def _require_alone(source: Source, now: datetime) -> None:
    """Raise Busy if a run from this source is unfinished, as a slow download may take hours."""
    since = now - imports.LONGEST_RUN
    running = _runs(source.name, RegisterRun.Outcome.RUNNING).filter(started_at__gte=since)
    if running.filter(pk__in=queries.runs_at_work()).exists():
        raise Busy(_("Another import of the register is running. Try again when it has ended."))


def _whole(client: RegisterClient) -> Download:
    """The whole register; a known code counts as removed only if two downloads lack it.

    If one code is removed and another one added between two pages, the total stays the same, but
    paging may skip an unchanged code.
    """
    first = client.download()
    if not first.rows:
        raise SourceFault("the register is empty")
    current = RegisterRecord.objects.filter(kind=Kind.SOTE_UNIT, known_to=None)
    known = set(current.values_list("oid", flat=True).iterator())
    if known <= {row.oid for row in first.rows}:
        return first
    second = client.download()
    return Download(without_repeats([*first.rows, *second.rows]), first.pages + second.pages)


def _full_is_due(client: RegisterClient, now: datetime) -> bool:
    whole = RegisterRun.Scope.FULL
    last = _last(client, now, scope=whole)
    return not _is_paused(client, whole, now) and _older(last, now, FULL_EVERY)


def _delta_is_due(client: RegisterClient, now: datetime) -> bool:
    if _is_paused(client, RegisterRun.Scope.DELTA, now):
        return False
    return _older(_last(client, now), now, DELTA_EVERY)


def _is_paused(client: RegisterClient, scope: str, now: datetime) -> bool:
    """Whether the last held, unaccepted run of that scope is less than a day old."""
    held = _last(client, now, RegisterRun.Outcome.HELD, scope=scope, accepted_at=None)
    return not (held is None or _older(held, now, HELD_RESTS))


def _older(run: RegisterRun | None, now: datetime, limit: timedelta) -> bool:
    return run is None or now - run.started_at > limit


def _last(
    client: RegisterClient,
    now: datetime,
    outcome: str = RegisterRun.Outcome.DONE,
    **fields: str | None,
) -> RegisterRun | None:
    past = _runs(client.source, outcome).filter(started_at__lte=now + clock.MAY_DIFFER, **fields)
    return past.order_by("-started_at").first()


def _runs(source: str, outcome: str) -> QuerySet[RegisterRun]:
    return RegisterRun.objects.filter(source=source[: imports.LONGEST_NAME], outcome=outcome)
