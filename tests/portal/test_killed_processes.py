"""A process of a worker's pool that is killed while it has no task is in the worker's log."""

import os
import signal
from pathlib import Path

from tests.journeys.steps import await_true


def children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_kernel_s_kill_is_logged_and_another_takes_the_place(stack):
    stack.start("default")
    stack.await_worker("default")
    main = stack.processes["default"].pid
    await_true(lambda: len(children(main)) > 1, "the worker has no pool")
    victim, *_others = children(main)
    os.kill(victim, signal.SIGKILL)
    log = stack.logs / "default.log"
    await_true(lambda: "SIGKILL" in log.read_text(), "nobody says that it was killed")
    await_true(lambda: victim not in children(main) and len(children(main)) > 1, "none came")
