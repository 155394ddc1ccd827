"""System checks (Django) by functions that only say what is wrong, and how it is mended."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

type Faults = Iterator[tuple[str, str]]
"""Each fault, and a hint how it is mended; the hint may be empty."""
type Check = Callable[..., list[CheckMessage]]


def refusing(id: str, *, deploy: bool = True) -> Callable[[Callable[[], Faults]], Check]:
    """Return the decorator that makes a check of security: each fault is an error with this id.

    `deploy`: it is made by `check --deploy` only, not whenever a process starts.
    """

    def decorate(faults: Callable[[], Faults]) -> Check:
        @register(Tags.security, deploy=deploy)
        def check(**_: Any) -> list[CheckMessage]:
            return [Error(fault, hint=hint or None, id=id) for fault, hint in faults()]

        return check

    return decorate
