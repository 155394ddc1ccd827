"""Limits how many slow requests a process handles at once, so that pages keep their threads.

A web process has four threads. One account that sends much in several requests at once, such as
eight archives of certificate requests, would otherwise occupy all of them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import TooMany, Unavailable

AT_ONCE = 2
"""How many slow requests of all kinds a process handles at once."""
TURN_SECONDS = 2.0
"""How long a request waits for its turn: it occupies a thread meanwhile."""
RETRY_SECONDS = 60
_places = threading.BoundedSemaphore(AT_ONCE)


class AllTaken(TooMany, Unavailable):
    """No place got free in time."""

    message = _("The service is busy with large uploads and orders. Try again in a minute.")

    def __init__(self) -> None:
        super().__init__(self.message, retry_after=RETRY_SECONDS)


@contextmanager
def turn() -> Iterator[None]:
    """Hold one of the places, or raise AllTaken. As a decorator, outside any transaction."""
    if not _places.acquire(timeout=TURN_SECONDS):
        raise AllTaken
    try:
        yield
    finally:
        _places.release()
