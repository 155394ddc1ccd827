"""Which faults are worth a line in the log, of those that a job finds each second.

It would fill the log with the same error, which hides the others.
"""

import time

REPEATED_EVERY = 600.0
"""Seconds after which a fault that has not changed is told again."""


class Standing:
    """The fault that a process has told of, in words; none at first."""

    def __init__(self) -> None:
        self._words, self._told_at = "", 0.0

    def is_news(self, words: str) -> bool:
        """Whether to tell of it: it has begun, changed or ended ("") or was told long ago."""
        now = time.monotonic()
        lasts = bool(words) and now - self._told_at >= REPEATED_EVERY
        if words == self._words and not lasts:
            return False
        self._words, self._told_at = words, now
        return True
