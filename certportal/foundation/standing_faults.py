"""Keeps a job that runs every second from logging the same fault each time.

Repeated lines would hide other errors.
"""

import time

REPEATED_EVERY = 600.0
"""Seconds after which a fault that lasts is logged again."""


class Standing:
    """The fault that this process has logged last, as text; empty for none."""

    def __init__(self) -> None:
        self._words, self._told_at = "", 0.0

    def is_news(self, words: str) -> bool:
        """Whether to log the fault ("" for none): it began, changed, ended or lasts for long."""
        now = time.monotonic()
        lasts = bool(words) and now - self._told_at >= REPEATED_EVERY
        if words == self._words and not lasts:
            return False
        self._words, self._told_at = words, now
        return True
