"""How long steps take that only one worker does, added up in its process.

The `ca` worker, which has the keys, listens nowhere and loads no exporter: its heartbeat leaves
these sums in Redis, where the process `metrics` reads them. A new process begins at zero.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Step(StrEnum):
    """A step that is timed."""

    ISSUE = "issue"
    ISSUE_MANY = "issue_many"  # the certificates of a mass replacement, together
    LINT = "lint"


BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Seconds: upper bounds of the classes in which durations are counted; beyond is one more."""


@dataclass
class Taken:
    """How many runs of a step took how long; `counts` by class, `seconds` of all together."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


_taken: dict[Step, Taken] = {}


@contextmanager
def timed(step: Step) -> Iterator[None]:
    """Add the block's duration to the step's, unless it raises."""
    begun = time.perf_counter()
    yield
    seconds = time.perf_counter() - begun
    one = _taken.setdefault(step, Taken())
    one.counts[bisect_left(BOUNDS, seconds)] += 1
    one.seconds += seconds


def key_of(queue: str) -> str:
    """Return the Redis key of what the queue's worker measured."""
    return f"measures:{queue}"


def told() -> dict[str, Any]:
    """Return what this process has measured, for JSON; empty while that is nothing."""
    return {step.value: [one.counts, one.seconds] for step, one in _taken.items()}


def heard(said: Mapping[str, Any]) -> dict[Step, Taken]:
    """Return what `told` said in another process. Raises ValueError if it cannot have said so."""
    try:
        found = {
            Step(name): Taken([int(each) for each in counts], float(seconds))
            for name, (counts, seconds) in said.items()
        }
    except (AttributeError, TypeError, OverflowError) as error:
        raise ValueError("no measures") from error
    if any(len(one.counts) != len(BOUNDS) + 1 for one in found.values()):
        raise ValueError("not as many classes as there are")
    return found


def forget() -> None:
    """Begin at zero, as a new process does."""
    _taken.clear()
