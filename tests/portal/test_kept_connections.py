"""A worker's connection to the database outlives its tasks, and one that broke is replaced."""

from collections.abc import Iterator
from pathlib import Path

import celery
import pytest
from django.db import connection

from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from tests.journeys.steps import await_true
from tests.stack import Stack


@pytest.fixture
def stack(transactional_db: None, settings) -> Iterator[Stack]:
    """A mail worker with its broker; the sweeper does not run, so each message counts."""
    made = Stack(Path(settings.PORTAL_DATA))
    made.start("broker", "mail")
    made.await_worker("mail")
    yield made
    made.stop()


def mail_feedback(stack: Stack) -> None:
    """Let the worker do one task, and wait until it has."""
    given = {"about": "idea", "text": "Hyvä palvelu.", "email": "", "language": "fi"}
    (item,) = outbox.enqueue_all("feedback.given", [given], now=clock.now(), paced=True)
    with celery.Celery(broker=f"redis+socket://{stack.socket}", set_as_current=False) as app:
        app.send_task(item.task, kwargs={"item": str(item.pk)}, queue=item.queue)
    left = OutboxItem.objects.filter(pk=item.pk, done_at=None)
    await_true(lambda: not left.exists(), "the feedback was not mailed", seconds=30)


def sessions() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in cursor.fetchall()}


def test_it_is_kept_from_task_to_task_and_made_anew_after_it_broke(stack: Stack) -> None:
    for _ in range(4):
        mail_feedback(stack)
    kept = sessions()
    assert 1 <= len(kept) <= 2  # one for each process of the pool
    for _ in range(4):
        mail_feedback(stack)
    assert kept <= sessions()
    with connection.cursor() as cursor:
        # The second argument: for how many milliseconds it waits until the session is gone.
        cursor.execute("SELECT pg_terminate_backend(pid, 30000) FROM unnest(%s) pid", [[*kept]])
        assert set(cursor.fetchall()) == {(True,)}
    for _ in range(4):
        mail_feedback(stack)
    assert not kept & sessions()
    assert not OutboxItem.objects.exclude(attempts=1).exists()  # no task met the broken one
