"""Base classes of the errors that services raise on purpose; apps define subclasses."""

from datetime import timedelta
from typing import Any


class Refused(Exception):
    """The act is not allowed or not possible; `str()` is shown to the user as is.

    A subclass with a fixed text has it, lazily translated, as `message`. `status`: HTTP status.
    """

    status = 400
    message: Any = ""
    # Whether an event has been recorded for it already.
    recorded = False

    def __init__(self, message: Any = None) -> None:
        """Keep the message; without one, the class's own is used."""
        super().__init__(self.message if message is None else message)
        if message is not None:
            self.message = message

    def __str__(self) -> str:
        return str(self.message)


class Stale(Refused):
    """The object is not in the state that the act needs (HTTP 409).

    It changed since the page was opened, or was never in that state. `place`: the URL of the page
    that shows it as it is now, if the view knows it.
    """

    status = 409
    place = ""


class NotAllowed(Refused):
    """The person may see the object but not do this to it (HTTP 403)."""

    status = 403


class TooMany(Refused):
    """A rate limit was exceeded (HTTP 429); `retry_after`: seconds until a retry can succeed."""

    status = 429

    def __init__(self, message: Any, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def system_words(error: Exception) -> str:
    """Return the system's words for an OSError, such as `No space left on device`.

    They name no file. For another error, its type.
    """
    return getattr(error, "strerror", None) or type(error).__name__


class Unavailable(Exception):
    """A source, queue or device does not answer now; the work is retried later.

    `most_attempts`: after this many in a row the outbox sets the work aside, if it is at least
    `least_age` old; None: it retries for ever. `least_pause`: before the next attempt, longer for
    work that is made due earlier (`outbox.hasten`) by what it waits for. `mark`: identifies what
    failed without personal data; part of the item's `problem`.
    """

    most_attempts: int | None = None
    least_pause = timedelta(0)
    least_age = timedelta(0)
    mark = ""


class NotYet(Unavailable):
    """What the work needs is being made, or more urgent work comes first: nothing is wrong."""


class Hopeless(Exception):
    """No retry can succeed; the outbox sets the work aside at once and an alarm is raised."""

    mark = ""
