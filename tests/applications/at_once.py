"""Doing things at the same moment: each in a process of its own, behind one barrier."""

import os
import threading
import traceback
from collections.abc import Callable, Sequence

from django.db import connection, connections

REFUSED, BROKEN = 3, 4
_of_parent: list[object] = []
# How many wait for this connection, or for one that does. Not by pg_stat_activity, which stays as
# it was first read in a transaction.
WAITING = """
WITH RECURSIVE waiting (pid) AS (
    SELECT pg_backend_pid()
    UNION
    SELECT locks.pid FROM pg_locks AS locks
    JOIN waiting ON waiting.pid = ANY (pg_blocking_pids(locks.pid)) WHERE NOT locks.granted
)
SELECT count(*) - 1 FROM waiting
"""


def at_once(*works: Callable[[], object], refusals: type[Exception]) -> list[str]:
    """Let all begin together; "done", or "refused" for an exception of that kind, for each."""
    ready, go = os.pipe()
    children = [_start(work, refusals, ready, go) for work in works]
    os.close(ready)
    os.close(go)  # every child reads the end of the pipe now
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert set(codes) <= {0, REFUSED}, "something else than a refusal was raised"
    return ["refused" if code else "done" for code in codes]


def _start(work: Callable[[], object], refusals: type[Exception], ready: int, go: int) -> int:
    if child := os.fork():
        return child
    code = BROKEN
    try:
        _begin_own_sessions()
        os.close(go)
        os.read(ready, 1)
        work()
        code = 0
    except refusals:
        code = REFUSED
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _begin_own_sessions() -> None:
    """Let the child connect anew, and leave the parent's sessions alone: to close one ends it.

    The parent goes on with its own, in which PostgreSQL has planned most statements already.
    """
    for one in connections.all(initialized_only=True):
        _of_parent.append(one.connection)  # which is closed when nothing refers to it
        one.connection = None


def work_off(items: Sequence[Callable[[], object]], workers: int, seed: int = 7) -> None:
    """Let several workers do all the items, each in an order of its own."""
    import random

    def some(number: int) -> None:
        for item in random.Random(seed + number).sample(list(items), len(items)):
            item()

    at_once(*(lambda number=number: some(number) for number in range(workers)), refusals=OSError)


class Beside(threading.Thread):
    """Work on a connection of its own, beside a transaction of the test; `raised`: what it raised.

    It begins at once, and the constructor returns when it has ended or waits for a lock.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__()
        self.work = work
        self.raised: Exception | None = None
        self.start()
        while self.is_alive() and not waiting():
            pass

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:
            self.raised = error
        finally:
            connection.close()

    def end(self) -> Exception | None:
        """Wait for its end; return what it raised."""
        self.join(30)
        assert not self.is_alive()
        return self.raised


def waiting() -> int:
    """Return how many wait until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        number: int = cursor.fetchone()[0]
        return number
