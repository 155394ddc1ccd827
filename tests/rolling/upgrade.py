"""The upgrade as docs/operations.md has it, while orders go from sending to delivery."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.journeys.steps import await_true
from tests.rolling import proxy, visitor
from tests.rolling.seen import Seen
from tests.rolling.visitor import Visitor
from tests.stack import ROOT, Stack, free_port

HANDS = 3
"""How many people work at once."""
WORKERS = ("ca", "mail", "default")


class Orders:
    """The orders and the people who act on them, over HTTP."""

    def __init__(self, base: str, told: dict[str, Any]) -> None:
        self.keys: list[str] = told["orders"]
        self.applicant = Visitor(base, told["applicant"])
        self.first, self.second = (Visitor(base, each) for each in told["reviewers"])

    def submit(self, some: slice) -> None:
        self._each(some, lambda key: visitor.submit(self.applicant, key))

    def claim(self, some: slice) -> None:
        self._each(some, lambda key: visitor.claim(self.first, key))

    def approve_once(self, some: slice) -> None:
        self._each(some, self._approve_first)

    def approve_twice(self, some: slice) -> None:
        self._each(some, lambda key: visitor.approve(self.second, key))

    def _approve_first(self, key: str) -> None:
        visitor.prove(self.first, key)
        visitor.approve(self.first, key)

    def _each(self, some: slice, act: Callable[[str], None]) -> None:
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(act, self.keys[some]))


def run(before: Path, data: Path, many: int) -> int:
    """Let both versions work, compare their rows with their events, and tell what was seen.

    Returns 1 if anything is wrong.
    """
    port = free_port()
    old, new = _stack(data, port, before, "old"), _stack(data, port, None, "new")
    listener = None
    try:
        old.manage("migrate", "-v", "0")
        old.prepare()
        orders = Orders(f"http://localhost:{port}", _begin(old, many))
        old.start("web", *WORKERS, "beat")
        listener = proxy.start(data / "proxy", port, [old.port, new.port], old.logs / "proxy.log")
        _await_up(old)
        _upgrade(old, new, orders, many)
        seen = Seen(data, [old.logs, new.logs], orders.keys)
        await_true(seen.is_finished, "the orders were not delivered", seconds=300)
        _step("what both versions recorded, compared with what they wrote")
        print(new.manage("verify_audit"), end="")
        return seen.tell(visitor.Visitor.answers)
    finally:
        for stack in (old, new):
            stack.stop()
        if listener is not None:
            listener.terminate()
            listener.wait()


def _upgrade(old: Stack, new: Stack, orders: Orders, many: int) -> None:
    """Go the steps of an upgrade; each fifth of the orders is met by another of them."""
    fifth = many // 5
    fifths = [slice(fifth * n, fifth * (n + 1)) for n in range(4)] + [slice(fifth * 4, many)]
    done, halfway, claimed, sent, late = fifths
    _step("the version before, alone")
    for part in (done, halfway, claimed, sent):
        orders.submit(part)
    for part in (done, halfway, claimed):
        orders.claim(part)
    orders.approve_once(done)
    orders.approve_once(halfway)
    orders.approve_twice(done)
    _step("migrate, while the version before works")
    _beside(lambda: new.manage("migrate", "-v", "0"), [(orders.submit, late)])
    _step("both versions, side by side")
    new.start(*WORKERS, "web")
    _beside(lambda: _await_up(new), [(orders.claim, sent)])
    orders.approve_twice(halfway)
    orders.approve_once(claimed)
    _step("the version before ends, while orders go on")
    _beside(lambda: _end(old, new), [(orders.approve_twice, claimed), (orders.claim, late)])
    _step("the new version, alone")
    for part in (sent, late):
        orders.approve_once(part)
        orders.approve_twice(part)


def _end(old: Stack, new: Stack) -> None:
    for name in (*WORKERS, "beat"):
        old.halt(name)
    new.start("beat")
    old.halt("web")


type Act = tuple[Callable[[slice], None], slice]


def _beside(step: Callable[[], object], acts: Sequence[Act]) -> None:
    """Take the step while people act; what fails in either fails."""
    failed: list[BaseException] = []

    def take() -> None:
        try:
            step()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    for act, some in acts:
        act(some)
    thread.join()
    if failed:
        raise failed[0]


def _stack(data: Path, port: int, tree: Path | None, name: str) -> Stack:
    made = Stack(data / "data", redis_number=1, tree=tree or ROOT)
    made.logs = data / f"log-{name}"
    made.logs.mkdir(parents=True)
    made.environment |= {
        "PORTAL_BASE_URL": f"http://localhost:{port}",
        "APPROVALS_PRODUCTION": "2",
        "TRUSTED_PROXIES": "127.0.0.1",
        # As in operation: what a lost message costs is seen.
        "OUTBOX_LEASE_SECONDS": "20",
    }
    return made


def _begin(old: Stack, many: int) -> dict[str, Any]:
    done = subprocess.run(
        [old.python, "-", str(many)],
        cwd=old.tree,
        env={**old.environment, "PORTAL_PROCESS": "web"},
        input=Path(__file__).with_name("begin.py").read_text(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _await_up(stack: Stack) -> None:
    stack.await_web()
    for name in WORKERS:
        stack.await_worker(name)


def _step(what: str) -> None:
    print(f"{time.strftime('%T')} {what}", flush=True)
