"""Processing many rows in a periodic job, where a failing row must not block the others."""

from collections.abc import Callable, Iterable

import structlog

log = structlog.get_logger(__name__)


def for_each[Key](keys: Iterable[Key], act: Callable[[Key], object]) -> None:
    """Call `act` for each key, continuing with the others when it fails for one.

    Jobs process their rows in the same order every day, so a failing row would otherwise block all
    later ones forever. Failures are logged with the key, which must be an id, and the first is
    raised at the end, so that the job itself counts as failed.
    """
    failures: list[Exception] = []
    for key in keys:
        try:
            act(key)
        except Exception as error:
            log.exception("job_failed_for_one", key=str(key))
            failures.append(error)
    if failures:
        raise failures[0]
