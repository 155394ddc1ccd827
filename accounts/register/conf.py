"""Settings of the mirror: the dict ``REGISTER`` in Django's settings over these defaults."""

from datetime import timedelta
from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    # Dotted path of the source's client, and its keyword arguments. Empty: nothing is fetched,
    # rows come by `import_register` alone.
    "BACKEND": "",
    "OPTIONS": {},
    # A mirror that is fetched and older than this is not relied on: checks wait. From
    # REGISTER_MAX_AGE_HOURS; the share below from REGISTER_MAX_ENDED_PERCENT.
    "MAX_AGE": timedelta(hours=72),
    # A run that would end more units than both of these is held for a person. The number is for
    # short lists, where one unit is more than the share.
    "MAX_ENDED": 3,
    "MAX_ENDED_SHARE": 0.01,
}


def value(name: str) -> Any:
    """The setting *name* of ``REGISTER``, else its default."""
    return getattr(settings, "REGISTER", {}).get(name, DEFAULTS[name])
