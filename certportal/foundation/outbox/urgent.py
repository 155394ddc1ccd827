"""The queries for items that are done before others of their queue.

Every task of such a queue asks them first, so each is compiled once for its condition.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from django.db.models import Case, Q, When

from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Compiled, Rows, Values, compiled_for
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.models import OutboxItem


@cache
def match(condition: Q) -> Callable[[UUID, str], Compiled]:
    """Return the query whether the open item of this key and task matches the condition."""

    @compiled_for(UUID(int=1), "the task")
    def matches(key: UUID, task: str) -> Values:
        found = OutboxItem.objects.filter(pk=key, task=task, done_at=None)
        urgent = Case(When(condition, then=True), default=False)
        return Values(found.annotate(urgent=urgent).values_list("urgent"))

    return matches


@cache
def oldest(condition: Q) -> Callable[[list[str], list[UUID], datetime], Compiled]:
    """Return the query for the oldest due item of these tasks that matches, but for some keys."""

    @compiled_for(["a task"], [UUID(int=1)], datetime.min.replace(tzinfo=UTC))
    def found(tasks: list[str], but: list[UUID], now: datetime) -> Rows:
        due = OutboxItem.objects.filter(
            condition,
            ~Q(Among("pk", "uuid", but)),
            Among("task", "text", tasks),
            done_at=None,
            failed_at=None,
            leased_until=None,
            due_at__lte=now,
        )
        return Rows(due.order_by("due_at")[:1])

    return found


def waiting(task: str, queue: str) -> OutboxItem | None:
    """Return the oldest due item of the task in the queue that nobody holds, or None."""
    found: list[OutboxItem] = oldest(Q(queue=queue))([task], [], clock.now()).alone()
    return found[0] if found else None
