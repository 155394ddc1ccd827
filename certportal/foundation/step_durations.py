"""Durations of steps of the `ca` worker, summed up in its process.

The `ca` worker has the keys, so it opens no port and loads no exporter: its heartbeat writes these
sums to Redis, where the process `metrics` reads them. A new process begins at zero.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Step(StrEnum):
    ISSUE = "issue"
    ISSUE_MANY = "issue_many"  # the certificates of a mass replacement, together
    LINT = "lint"


BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Upper bounds of the histogram's buckets, in seconds; there is one more bucket beyond."""


@dataclass
class Taken:
    """The durations of a step: `counts` of runs by bucket, and the sum of all `seconds`."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


_taken: dict[Step, Taken] = {}


@contextmanager
def timed(step: Step) -> Iterator[None]:
    """Add the block's duration to the step's, unless it raises."""
    begun = time.perf_counter()
    yield
    seconds = time.perf_counter() - begun
    taken = _taken.setdefault(step, Taken())
    taken.counts[bisect_left(BOUNDS, seconds)] += 1
    taken.seconds += seconds


def key_of(queue: str) -> str:
    """Return the Redis key of the measurements of the queue's worker."""
    return f"measures:{queue}"


def told() -> dict[str, Any]:
    """Return this process's measurements for JSON: step → [counts, seconds]; empty if none."""
    return {step.value: [taken.counts, taken.seconds] for step, taken in _taken.items()}


def heard(said: Mapping[str, Any]) -> dict[Step, Taken]:
    """Parse the result of `told` of another process. Raises ValueError if it is malformed."""
    try:
        found = {
            Step(name): Taken([int(each) for each in counts], float(seconds))
            for name, (counts, seconds) in said.items()
        }
    except (AttributeError, TypeError, OverflowError) as error:
        raise ValueError("no measures") from error
    if any(len(taken.counts) != len(BOUNDS) + 1 for taken in found.values()):
        raise ValueError("another number of buckets")
    return found


def forget() -> None:
    _taken.clear()
