"""Imports into the mirror: one at a time, atomic, each recorded as a run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.event_names import AccountEvent
from accounts.register import conf
from accounts.register.lookup import queries
from accounts.register.mirror import store
from accounts.register.mirror.store import Counts, Difference
from accounts.register.models import COUNTED, Kind, RegisterRun
from accounts.register.source.rows import Row
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import Refused
from certportal.foundation.outbox import outbox

SHOWN_ENDING = 200
ACCEPTANCE_LASTS = timedelta(days=2)
# A run still unfinished after this time is taken for failed even if its process is there: it hangs.
LONGEST_RUN = timedelta(hours=3)
LONGEST_NAME = 300


@dataclass(frozen=True)
class Source:
    """The source of rows: its name for the run record, full or delta, and number of pages."""

    name: str
    scope: str = RegisterRun.Scope.FULL
    pages: int = 1


@dataclass(frozen=True)
class Report:
    """The result of an import or a dry run.

    ``run`` is None, and ``differences`` are listed, only in a dry run. ``held``: nothing was
    changed, or would be, because too many units would end. ``older``: the refusal, in a dry run.
    """

    counts: Counts
    run: RegisterRun | None = None
    differences: Sequence[Difference] = field(default_factory=list)
    held: bool = False
    older: "OlderRows | None" = None


class Busy(Refused):
    """Another import is running."""


class OlderRows(Refused):
    """The latest change in the rows of a whole register is before one that the mirror has."""

    def __init__(self, latest: datetime, known: datetime) -> None:
        super().__init__(
            _(
                "These files are older than ones that have been imported: their latest change is"
                " of %(latest)s, and the mirror has one of %(known)s. Nothing was imported. Take"
                " newer files, or give --older to import these nevertheless."
            )
            % {
                "latest": date_format(localtime(latest), "SHORT_DATETIME_FORMAT"),
                "known": date_format(localtime(known), "SHORT_DATETIME_FORMAT"),
            }
        )


class _DryRun(Exception):
    """Rolls back the transaction of a dry run after the comparison."""


def begin(kind: Kind, source: Source, *, now: datetime) -> RegisterRun:
    """Record the start of a run before its rows are fetched; mark killed runs as failed."""
    _fail_killed(kind, now)
    with transaction.atomic():  # nobody sees a run before its lock
        run = RegisterRun.objects.create(
            kind=kind,
            source=source.name[:LONGEST_NAME],
            scope=source.scope,
            pages=source.pages,
            started_at=now,
        )
        store.hold_run(run.pk)
    return run


@transaction.atomic
def _fail_killed(kind: Kind, now: datetime) -> None:
    """Mark the runs as failed whose process has ended before them, or has hung for too long."""
    running = RegisterRun.objects.filter(kind=kind, outcome=RegisterRun.Outcome.RUNNING)
    # Locked before the sessions are looked at, and without those that are just being finished.
    left = list(running.select_for_update(skip_locked=True))
    at_work = queries.runs_at_work() if left else set()
    for run in left:
        if run.pk not in at_work or run.started_at < now - LONGEST_RUN:
            _finish(run, RegisterRun.Outcome.FAILED, Counts(), now, reason="never ended")


def fail(run: RegisterRun, reason: str, *, now: datetime) -> None:
    """Record that a run failed before its rows were in the mirror, and the reason."""
    _finish(run, RegisterRun.Outcome.FAILED, Counts(), now, reason=reason[:200])
    store.release_run(run.pk)


def import_rows(
    kind: Kind,
    rows: Iterable[Row],
    source: Source,
    *,
    now: datetime,
    run: RegisterRun | None = None,
    older: bool = False,
) -> Report:
    """Import *rows* into the mirror of *kind*; without *run*, a new run is started.

    A full source also closes the records that it no longer contains. A run that would end more
    units than ``MAX_ENDED``, and more than the share ``MAX_ENDED_SHARE`` of the valid ones, changes
    nothing and is held, unless a held run that would end the same was accepted within two days.
    ``older``: whether a whole register may be older than the mirror.

    Raises:
        Busy: another import is running.
        OlderRows: the latest change in a whole register is before one that the mirror has.
    """
    run = run or begin(kind, source, now=now)
    run.pages, present = source.pages, clock.going_on(now)
    try:
        with transaction.atomic():
            counts, held = _write(run, rows, now, older=older)
            outcome = RegisterRun.Outcome.HELD if held else RegisterRun.Outcome.DONE
            _finish(run, outcome, counts, present())
            if not held and (counts.changed or counts.removed):
                outbox.enqueue("register.changed", now=now, run=run.pk)
    except Exception as error:
        fail(run, type(error).__name__, now=present())
        raise
    store.release_run(run.pk)
    return Report(counts, run, held=held)


def preview(kind: Kind, rows: Iterable[Row], source: Source, *, now: datetime) -> Report:
    """The changes that `import_rows` would make, with all differences; writes nothing."""
    run = RegisterRun(pk=0, kind=kind, scope=source.scope, source=source.name, started_at=now)
    report = Report(Counts())
    try:
        with transaction.atomic():
            counts = store.stage(run, rows, now=now, today=clock.day(now))
            held = _ends_too_many(run, counts, now)
            older = _older(run, _moment(counts.modified))
            report = Report(counts, None, store.differences(), held, older)
            raise _DryRun
    except _DryRun:
        return report


def accept_held(run_id: int, *, reason: str, actor: Actor, now: datetime) -> RegisterRun:
    """Accept a held run, once: the next run may end its units. Records person and reason.

    Raises:
        Refused: the run is not held, or has been accepted. An acceptance that is over is not
            renewed: another import shows what it would end today.
    """
    with transaction.atomic():
        run = RegisterRun.objects.select_for_update().get(pk=run_id)
        if run.outcome != RegisterRun.Outcome.HELD or run.accepted_at is not None:
            raise Refused(_("This import is not waiting for a decision."))
        run.accepted_at, run.accepted_by, run.accepted_reason = now, str(actor), reason
        run.save(update_fields=["accepted_at", "accepted_by", "accepted_reason"])
        events.record(AccountEvent.REGISTER_HELD_ACCEPTED, run, actor, now)
    return run


def _write(
    run: RegisterRun, rows: Iterable[Row], now: datetime, *, older: bool
) -> tuple[Counts, bool]:
    if not store.lock():
        raise Busy(_("Another import of the register is running. Try again when it has ended."))
    if store.is_empty():
        counts = store.load(run, rows, now=now)
        run.modified_at = _moment(counts.modified)
        return counts, False
    counts = store.stage(run, rows, now=now, today=clock.day(now))
    run.modified_at = _moment(counts.modified)
    if not older and (refusal := _older(run, run.modified_at)):
        raise refusal
    if _ends_too_many(run, counts, now):
        run.ending = store.ending(SHOWN_ENDING)
        return counts, True
    store.apply(now=now)
    return counts, False


def _moment(modified: str) -> datetime | None:
    """The moment as a source writes it, in Finnish time unless it says so; None if unknown."""
    try:
        moment = datetime.fromisoformat(modified)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.HELSINKI)


def _older(run: RegisterRun, latest: datetime | None) -> OlderRows | None:
    """The refusal of a whole register whose latest change is before one that was imported."""
    if latest is None or run.scope != RegisterRun.Scope.FULL:
        return None
    done = RegisterRun.objects.filter(kind=run.kind, outcome=RegisterRun.Outcome.DONE)
    # A change that the source dates after its import says nothing about what is older.
    dated = done.filter(modified_at__lte=F("started_at"))
    known = dated.aggregate(known=Max("modified_at"))["known"]
    return OlderRows(latest, known) if known is not None and latest < known else None


def _ends_too_many(run: RegisterRun, counts: Counts, now: datetime) -> bool:
    share = int(conf.value("MAX_ENDED_SHARE") * counts.standing_before)
    if counts.ended <= max(conf.value("MAX_ENDED"), share):
        return False
    accepted = RegisterRun.objects.filter(
        kind=run.kind,
        outcome=RegisterRun.Outcome.HELD,
        accepted_at__range=clock.recently(ACCEPTANCE_LASTS, now=now),
        ended__gte=counts.ended,
    )
    return not any(_covers(each, counts) for each in accepted)


def _covers(accepted: RegisterRun, counts: Counts) -> bool:
    """Whether the units that the staged rows would end are among those of the accepted run.

    Where there are more than its page lists, their number is all that was seen.
    """
    if counts.ended > SHOWN_ENDING:
        return True
    seen = {oid for oid, _name in accepted.ending}
    return seen.issuperset(oid for oid, _name in store.ending(SHOWN_ENDING))


def _finish(
    run: RegisterRun, outcome: RegisterRun.Outcome, counts: Counts, now: datetime, reason: str = ""
) -> None:
    run.outcome, run.reason, run.finished_at = outcome, reason, now
    run.rows_read = counts.read
    run.added, run.changed = counts.added, counts.changed
    run.removed, run.ended = counts.removed, counts.ended
    described = ["outcome", "reason", "finished_at", "pages", "rows_read", "ending", "modified_at"]
    run.save(update_fields=[*described, *COUNTED])
    events.record(AccountEvent(f"register.{outcome}"), run, system("register"), now)
