"""The two kinds of failure a service raises on purpose; apps derive their own beside the raiser."""

from typing import Any


class Refused(Exception):
    """The act is not allowed or not possible; `str()` is worded for the reader and shown as is."""

    status = 400

    def __init__(self, message: Any) -> None:
        """Keep the (possibly lazily translated) message."""
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        """Return the message in the active language."""
        return str(self.message)


class Stale(Refused):
    """The caller acted on an older version of the thing than the present one (HTTP 409)."""

    status = 409


class NotAllowed(Refused):
    """The person is known and may see the thing but may not do this to it (HTTP 403)."""

    status = 403


class TooMany(Refused):
    """A limit was passed (HTTP 429); `retry_after` tells in how many seconds to try again."""

    status = 429

    def __init__(self, message: Any, *, retry_after: int) -> None:
        """Keep the message and the waiting time in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(Exception):
    """A source, a queue or a device cannot answer now; the work is tried again later."""


class Hopeless(Exception):
    """No further try can succeed; the work is set aside at once and an operator is told."""
