"""A circuit breaker for services that accept connections and then do not answer.

A stopped service refuses connections at once. A hanging service costs the whole time limit at every
call, so after one such call no further calls are made for a while. The state is kept per process,
since a shared store could hang itself.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from certportal.foundation.errors import Unavailable


class Resting(Unavailable):
    """The service has just exceeded its time limit and is not called for a while."""


class Breaker:
    """Refuses calls for `pause` seconds after one that failed and took at least `slow` seconds.

    `silent(error)`: whether the error means that the service did not answer. A service that
    answered with an error, however slowly, is called again.
    """

    def __init__(
        self,
        name: str,
        *,
        pause: float,
        slow: float,
        silent: Callable[[Exception], bool] = lambda _error: True,
    ) -> None:
        self.name = name
        self._pause, self._slow, self._silent = pause, slow, silent
        self._open_until = 0.0

    @contextmanager
    def call(self) -> Iterator[None]:
        """Wrap one call of the service. Raises Resting instead of calling it during the pause."""
        if time.monotonic() < self._open_until:
            raise Resting(self.name)
        begun = time.monotonic()
        try:
            yield
        except Exception as error:
            if time.monotonic() - begun >= self._slow and self._silent(error):
                self._open_until = time.monotonic() + self._pause
            raise

    def reset(self) -> None:
        """Call the service again at once."""
        self._open_until = 0.0
