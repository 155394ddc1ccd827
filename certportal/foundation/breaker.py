"""A circuit breaker for services that accept connections and then do not answer.

A service that is stopped refuses at once and costs nobody any time. One that hangs costs its whole
time limit at every call, so after one such call the next ones are spared for a while. The state is
that of the process: no store is needed, which could hang itself.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from certportal.foundation.errors import Unavailable


class Resting(Unavailable):
    """The service has just run into its time limit; it is not called now."""


def _any_error(_error: Exception) -> bool:
    return True


class Breaker:
    """Refuses calls for `pause` seconds after one that failed and took at least `slow` seconds.

    `silent` tells an error that means no answer from one that is the service's answer: a service
    that answers, however slowly, is called again.
    """

    def __init__(
        self,
        name: str,
        *,
        pause: float,
        slow: float,
        silent: Callable[[Exception], bool] = _any_error,
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
