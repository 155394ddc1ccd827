"""What beat's jobs share: a row that cannot be handled keeps none of the others waiting."""

from collections.abc import Callable, Iterable

import structlog

log = structlog.get_logger(__name__)


def for_each[Key](keys: Iterable[Key], act: Callable[[Key], object]) -> None:
    """Do the act for each key, and for all the others too when it fails for one.

    Jobs go through their rows in the same order every day: what one row raises would else keep
    all that come after it waiting for good. Failures are logged with the key, which must be an
    id, and the first is raised at the end, so that the job itself counts as failed.
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
