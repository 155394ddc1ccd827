"""What a failed task tells its worker fits into one write of a pipe."""

import pickle
import sys
from collections.abc import Iterator
from select import PIPE_BUF
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from celery.app.trace import trace_task

from certportal import celery


def deeper(levels: int) -> None:
    if not levels:
        raise ConnectionError("Redis is silent " + "x" * 3000)
    deeper(levels - 1)


@pytest.fixture
def fails() -> Iterator[Any]:
    """A task that fails; other tests look at every task that is registered."""

    @celery.app.task(name="test.fails", shared=False, lazy=False)
    def fails() -> None:
        deeper(30)

    yield fails
    celery.app.tasks.pop("test.fails")


def test_the_error_of_a_task_stays_in_the_log(fails: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in two parts, with Redis away between them, it cost the worker its only child."""
    logged: list[tuple[str, str, BaseException | None]] = []

    def exception(event: str, *, task: str) -> None:
        logged.append((event, task, sys.exception()))

    monkeypatch.setattr(celery, "log", SimpleNamespace(exception=exception))
    told = trace_task(fails, str(uuid4()), (), {}, {}, app=celery.app, eager=False)
    assert told.info is None and len(pickle.dumps(told.retval)) < PIPE_BUF
    ((event, task, error),) = logged
    assert (event, task, type(error)) == ("task_failed", "test.fails", ConnectionError)
    with pytest.raises(ConnectionError, match="Redis is silent"):
        fails()
