"""Turns for work that a request waits for many seconds for, so that pages keep their threads.

A web process has four threads. One account that sends much in several requests at once, such as
eight archives of certificate requests, would otherwise occupy all of them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import TooMany, Unavailable

AT_ONCE = 2
"""The places in a process, for all such work together."""
TURN_SECONDS = 2.0
"""How long a request waits for its turn, in a thread that pages need too."""
RETRY_SECONDS = 60
_places = threading.BoundedSemaphore(AT_ONCE)


class AllTaken(TooMany, Unavailable):
    """No place got free in time."""

    message = _("The service is busy with large uploads and orders. Try again in a minute.")

    def __init__(self) -> None:
        super().__init__(self.message, retry_after=RETRY_SECONDS)


@contextmanager
def turn() -> Iterator[None]:
    """Hold a place; also a decorator, of a function that opens no transaction before. AllTaken."""
    if not _places.acquire(timeout=TURN_SECONDS):
        raise AllTaken
    try:
        yield
    finally:
        _places.release()
