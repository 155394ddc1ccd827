"""Turns functions that yield faults and hints into system checks of Django."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

type Faults = Iterator[tuple[str, str]]
"""Each fault with a hint how to correct it; the hint may be empty."""
type Check = Callable[..., list[CheckMessage]]


def refusing(id: str, *, deploy: bool = True) -> Callable[[Callable[[], Faults]], Check]:
    """Return a decorator that registers a security check: each fault is an error with this id.

    `deploy`: only `check --deploy` runs it, not every start of a process.
    """

    def decorate(faults: Callable[[], Faults]) -> Check:
        @register(Tags.security, deploy=deploy)
        def check(**_: Any) -> list[CheckMessage]:
            return [Error(fault, hint=hint or None, id=id) for fault, hint in faults()]

        return check

    return decorate
