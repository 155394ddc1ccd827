"""Settings of the mirror: the dict ``REGISTER`` in Django's settings over these defaults."""

from datetime import timedelta
from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    # The code server; empty: no synchronising, rows come by `import_register` alone.
    "URL": "",
    "CLASSIFICATION": "1.2.246.537.6.202",
    "VERSION": "1.2.246.537.6.202.2008",
    "TIMEOUT_SECONDS": 20,
    "PAGE_SIZE": 500,
    "MAX_PAGE_BYTES": 16 * 1024 * 1024,
    "MAX_PAGES": 2000,
    "ATTEMPTS": 4,
    # Older than this, and checks wait instead of trusting the mirror. None: never too old.
    "MAX_AGE": timedelta(hours=72),
    # A run that would end more units than both of these is held for a person.
    "MAX_ENDED": 20,
    "MAX_ENDED_SHARE": 0.01,
}


def value(name: str) -> Any:
    """The setting *name* of ``REGISTER``, else its default."""
    return getattr(settings, "REGISTER", {}).get(name, DEFAULTS[name])
