"""What a virus scanner is asked, and which one answers."""

from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class Scanner(Protocol):
    """Something that knows viruses."""

    def scan(self, data: bytes) -> str:
        """Return the scanner's name for what it found in the bytes; empty when it found nothing.

        Raises Unavailable when it gives no answer. Called with no transaction open.
        """


@cache
def _build(path: str, options: tuple[tuple[str, Any], ...]) -> Scanner:
    built: Scanner = import_string(path)(**dict(options))
    return built


def scanner() -> Scanner:
    """Return the scanner that ``SCANNER`` names, one for the life of the process."""
    chosen = settings.SCANNER
    return _build(chosen["BACKEND"], tuple(sorted(chosen["OPTIONS"].items())))
