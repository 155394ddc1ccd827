"""The outbox: work is stored in the causing transaction, leased by a worker and marked done.

Nothing is lost when the broker is down: the sweeper sends the items later. Delivery is at least
once; handlers must be idempotent.
"""

import functools
import inspect
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When

from certportal.foundation import clock
from certportal.foundation.database import row_writes
from certportal.foundation.database.prepared_statements import Statement
from certportal.foundation.database.related_rows import by_key
from certportal.foundation.database.statements import execute
from certportal.foundation.errors import Hopeless, NotYet, Unavailable, system_words
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import messages, urgent
from certportal.foundation.outbox.outages import is_outage

log = structlog.get_logger(__name__)

_item = by_key(OutboxItem)

# Every step of an order runs these; the ORM would take longer to compile them than they run.
# An item that was due when stored is due now, even if the clock of its process is a little ahead.
_LEASE = Statement(
    """
UPDATE foundation_outboxitem SET leased_until = %s, handed_at = NULL, attempts = attempts + 1
WHERE id = %s AND task = %s AND done_at IS NULL AND failed_at IS NULL
AND (due_at <= %s OR attempts = 0 AND due_at = created_at AND due_at <= %s)
AND (leased_until IS NULL OR leased_until < %s) RETURNING *
""",
    ["timestamptz", "uuid", "text", *["timestamptz"] * 3],
)
_LEASE_MORE = Statement(
    """
UPDATE foundation_outboxitem SET leased_until = %s, handed_at = NULL, attempts = attempts + 1
WHERE id = ANY(ARRAY(
  SELECT id FROM foundation_outboxitem
  WHERE task = %s AND done_at IS NULL AND failed_at IS NULL AND leased_until IS NULL
  AND (due_at <= %s OR attempts = 0 AND due_at = created_at AND due_at <= %s)
  AND (handed_at IS NULL OR %s) ORDER BY created_at LIMIT %s
  FOR UPDATE SKIP LOCKED
)) RETURNING *
""",
    ["timestamptz", "text", *["timestamptz"] * 2, "boolean", "bigint"],
)
_FINISH = Statement(
    """
UPDATE foundation_outboxitem SET done_at = %s, leased_until = NULL, problem = ''
WHERE id = ANY(%s)
""",
    ["timestamptz", "uuid[]"],
)

MAIL = "mail"
"""The queue of mails."""
UNDELIVERED = "mail.undelivered"
"""The topic of a mail that was set aside; `mail` is its item."""

# After this many attempts an unexpected error sets the item aside, which raises an alarm.
MOST_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(minutes=5)
MOST_TOGETHER = 50
"""Items of one task that a worker does at once."""
MOST_LET_PASS = 20
"""How many urgent items are done before another one, so that others progress even under load."""
LONGEST_TURN = 5.0
"""Seconds after which a worker begins no further item for the same message."""


class OfAnotherVersion(Unavailable):
    """The item's payload has other keys than this version's task accepts, or names another mail.

    During an upgrade, a worker of the other version takes it at one of the next attempts.
    """

    most_attempts = MOST_ATTEMPTS
    least_age = timedelta(hours=1)


def enqueue(topic: str, *, now: datetime, **payload: Any) -> list[OutboxItem]:
    """Store one item for each task routed to the topic, and send them after the commit.

    `payload`: JSON, ids and small values. Raises KeyError for an unknown topic.
    """
    return enqueue_all(topic, [payload], now=now)


def enqueue_all(
    topic: str,
    payloads: Iterable[dict[str, Any]],
    *,
    now: datetime,
    due_at: datetime | None = None,
    paced: bool = False,
) -> list[OutboxItem]:
    """Enqueue each payload as `enqueue` does, with one statement for all.

    With `due_at` the sweeper sends them from then on, unless `hasten` does before. `paced` leaves
    sending to the sweeper, which sends a limited number each time, so that bulk work does not delay
    the work of people who wait.
    """
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40]
    items = [
        OutboxItem(
            topic=topic,
            task=task,
            queue=queue,
            payload=payload,
            request_id=request_id,
            created_at=now,
            due_at=due_at or now,
            handed_at=now - lease_time() if paced else None,
        )
        for payload in payloads
        for task, queue in settings.OUTBOX_ROUTES[topic]
    ]
    row_writes.insert(items)
    if not paced and due_at is None:
        transaction.on_commit(functools.partial(messages.announce, *items), robust=True)
    return items


def lease_time() -> timedelta:
    """Return how long a worker may hold an item before another may take it."""
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def lease(item_id: UUID | str, task_name: str, *, now: datetime) -> OutboxItem | None:
    """Lease the item for the task; None if it is done, failed, not yet due or leased.

    Also None if it was stored for another task: the message is not trusted, because whoever can
    write to the broker could otherwise run the last task of a chain on an earlier task's item.
    """
    key = OutboxItem._meta.pk.to_python(item_id)  # from the broker, it may be anything
    values = [now + lease_time(), key, task_name, now, now + clock.MAY_DIFFER, now]
    return next(iter(OutboxItem.objects.raw(_LEASE, values)), None)


def lease_more(task_name: str, *, most: int, now: datetime, swept: bool = True) -> list[OutboxItem]:
    """Lease further due items of the task, oldest first, except those that are locked.

    `swept`: also those that the sweeper has sent or is to send.
    """
    values = [now + lease_time(), task_name, now, now + clock.MAY_DIFFER, swept, most]
    return list(OutboxItem.objects.raw(_LEASE_MORE, values))


def finish(*items: OutboxItem, now: datetime) -> None:
    """Mark the items done."""
    execute(_FINISH, [now, [item.pk for item in items]])


def hasten(items: QuerySet[OutboxItem], *, now: datetime) -> None:
    """Make items due, also those that a worker may postpone; send them after the commit."""
    late = items.filter(~Q(leased_until=None) | Q(due_at__gt=now), done_at=None, failed_at=None)
    found = list(late)
    OutboxItem.objects.filter(pk__in=[item.pk for item in found]).update(due_at=now)
    waiting = [item for item in found if item.leased_until is None]
    transaction.on_commit(functools.partial(messages.announce, *waiting), robust=True)


def postpone(item: OutboxItem, error: Exception, *, now: datetime) -> None:
    """Schedule a retry; set the item aside if it is hopeless or has used up its attempts.

    Attempts are counted from one if the error is about something else (`mark`, such as a mailbox).
    """
    mark = getattr(error, "mark", "")
    attempts = item.attempts if mark == mark_in(item) else 1
    least = getattr(error, "least_pause", timedelta(0))
    pause = max(least, min(timedelta(seconds=2 ** min(attempts, 9)), LONGEST_PAUSE))
    hopeless = isinstance(error, Hopeless) or _is_tired(item, attempts, error, now)
    with transaction.atomic():
        # Changes nothing if the lease ended and another worker has taken the item since.
        postponed = item.held().update(
            attempts=attempts,
            # If `due_at` has changed since the lease, `hasten` has set it: it is kept.
            due_at=Case(When(due_at=item.due_at, then=now + pause), default=F("due_at")),
            leased_until=None,
            handed_at=None,
            failed_at=now if hopeless else None,
            problem=f"{type(error).__name__} {mark}".strip()[:500],
        )
        if postponed and hopeless and item.queue == MAIL:
            enqueue(UNDELIVERED, now=now, mail=str(item.pk))
    (log.info if isinstance(error, NotYet) else log.warning)(
        "item_postponed",
        topic=item.topic,
        item=str(item.pk),
        attempts=attempts,
        error=type(error).__name__,
        reason=system_words(cause) if isinstance(cause := error.__cause__, OSError) else None,
        failed=hopeless,
        exc_info=not isinstance(error, Unavailable | Hopeless),
    )


def mark_in(item: OutboxItem) -> str:
    """Return the mark of the last error, such as that of a mailbox; empty without one."""
    return item.problem.partition(" ")[2]


def _is_tired(item: OutboxItem, attempts: int, error: Exception, now: datetime) -> bool:
    """Whether the item is to be set aside after this many attempts in a row."""
    if not isinstance(error, Unavailable):
        return attempts >= MOST_ATTEMPTS and not is_outage(error)
    is_old = now - item.created_at >= error.least_age
    return is_old and error.most_attempts is not None and attempts >= error.most_attempts


@dataclass(frozen=True, slots=True)
class Work:
    """A task's handlers: for one item and, if it has one, for many at once (see `task`)."""

    one: Callable[..., None]
    many: Callable[..., None] | None = None


_works: dict[str, Work] = {}
"""The tasks imported in this process, by name."""


def task(
    name: str, *, first: Q | None = None, many: Callable[..., None] | None = None
) -> Callable[[Callable[..., None]], Any]:
    """Turn `def handler(*, item, now, **payload)` into a Celery task for outbox items.

    The task leases the item, calls the handler outside any transaction and marks the item done; an
    exception postpones it. `item` is the OutboxItem (its id gives a stable Message-ID). The message
    carries only the item's id: everything the task acts on comes from the database.

    `first`: condition for urgent items of its queue, which are done before it (`let_pass`).
    `many(items=…, now=…)`: handler for several waiting items; if it fails, each is done alone.
    """

    def decorate(handler: Callable[..., None]) -> Any:
        _works[name] = Work(handler, many)

        @shared_task(name=name)
        @functools.wraps(handler)
        def run(*, item: str) -> None:
            begun, others = time.monotonic(), messages.taken(name) - 1  # -1: it is not known
            is_urgent = first is not None and _is_urgent(first, item, name)
            if is_urgent is None:
                _log_why(item, name)
            else:
                if first is not None and not is_urgent:
                    let_pass(first, _queues()[name])
                others -= perform(handler, item, name, many if others else None)
            if others > 0:
                _go_on(name, first, others, until=begun + LONGEST_TURN)

        return run

    return decorate


def _is_urgent(first: Q, item_id: str, name: str) -> bool | None:
    """Whether the item matches `first`; None if it is no open item of this task."""
    key = OutboxItem._meta.pk.to_python(item_id)
    found = urgent.match(first)(key, name).alone()
    return next((bool(is_urgent) for (is_urgent,) in found), None)


def let_pass(first: Q, queue: str) -> None:
    """Do due items of the queue that match `first`, oldest first, `MOST_LET_PASS` at most.

    The broker delivers messages in the order in which they were sent. This lets urgent work, such
    as certificates that people wait for, overtake less urgent work that was enqueued earlier.
    """
    own = [name for name in _works if _queues().get(name) == queue]
    tried: list[UUID] = []
    while len(tried) < MOST_LET_PASS:
        found = urgent.oldest(first)(own, tried, clock.now()).alone()
        if not found:
            return
        (item,) = found
        work = _works[item.task]
        perform(work.one, str(item.pk), item.task, work.many)
        tried.append(item.pk)


def _go_on(name: str, first: Q | None, items: int, *, until: float) -> None:
    """Do as many further due items of the task, oldest first: no message was sent for them.

    At the time `until`, a message is sent for those that are left.
    """
    work = _works[name]
    most = MOST_TOGETHER if work.many else 1
    while items > 0:
        if first is not None:
            let_pass(first, _queues()[name])
        is_late = time.monotonic() >= until
        leased = [] if is_late else lease_more(name, most=most, now=clock.now(), swept=False)
        if not leased:
            break
        _perform_all(work.one, leased, work.many)
        items -= len(leased)
    if items > 0 and is_late:
        unsent = OutboxItem.objects.filter(task=name, done_at=None, failed_at=None, handed_at=None)
        for item in unsent.filter(leased_until=None).order_by("created_at")[:1]:
            messages.announce(item, each_for=items)


def _queues() -> dict[str, str]:
    """Return the queue of each task that is routed to a topic."""
    return {name: queue for tasks in settings.OUTBOX_ROUTES.values() for name, queue in tasks}


def perform(
    handler: Callable[..., None],
    item_id: str,
    task_name: str,
    many: Callable[..., None] | None = None,
) -> int:
    """Lease the item, run the handler, and mark the outcome; with `many` for all waiting items.

    Returns how many other items it leased.
    """
    leased = lease(item_id, task_name, now=clock.now())
    if leased is None:
        _log_why(item_id, task_name)
        return 0
    others = lease_more(task_name, most=MOST_TOGETHER - 1, now=clock.now()) if many else []
    _perform_all(handler, [leased, *others], many)
    return len(others)


def _perform_all(
    handler: Callable[..., None], leased: Sequence[OutboxItem], many: Callable[..., None] | None
) -> None:
    """Run `many` for the leased items, if there are several; otherwise the handler for each."""
    if many and leased[1:] and _done_together(many, leased):
        return
    for number, each in enumerate(leased):
        if number == 0 or hold_longer(each, now=clock.now()):
            _perform_leased(handler, each)


def hold_longer(item: OutboxItem, *, now: datetime) -> bool:
    """Renew the item's lease; False if it had ended and another worker has taken the item."""
    mine, until = item.held(), now + lease_time()
    item.lease_ends.append(until)  # first: if the reply is lost, nobody knows whether it was stored
    return mine.update(leased_until=until) == 1


def _done_together(many: Callable[..., None], items: Sequence[OutboxItem]) -> bool:
    """Run the handler for all items at once; return whether it succeeded.

    If it fails, the caller does each alone, which shows which of them fails.
    """
    try:
        many(items=items, now=clock.now())
    except Exception as error:
        log.warning("not_done_together", topic=items[0].topic, error=type(error).__name__)
        return False
    finish(*items, now=clock.now())
    return True


def _perform_leased(handler: Callable[..., None], leased: OutboxItem) -> None:
    cause = {"request_id": leased.request_id} if leased.request_id else {}
    with structlog.contextvars.bound_contextvars(**cause):
        try:
            _require_understood(handler, leased)
            handler(item=leased, now=clock.now(), **leased.payload)
        except Exception as error:
            postpone(leased, error, now=clock.now())
        else:
            finish(leased, now=clock.now())


def _require_understood(handler: Callable[..., None], item: OutboxItem) -> None:
    """Raise OfAnotherVersion unless the handler accepts the payload's keys."""
    try:
        inspect.signature(handler).bind(item=item, now=None, **item.payload)
    except TypeError as error:
        raise OfAnotherVersion from error


def _log_why(item_id: str, task_name: str) -> None:
    """Log that nothing was done; as an error if the message cannot have come from this service."""
    found = _item(item_id)
    if found is not None and found.task != task_name:
        log.error("item_of_another_task", item=item_id, task=task_name)
    else:
        log.info("item_not_free", item=item_id)
