"""Settings of the mirror: these defaults, overridden by the dict ``REGISTER`` in the settings."""

from datetime import timedelta
from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    # Dotted path of the source's client, and its keyword arguments. If empty, nothing is fetched
    # and rows are imported only by `import_register`.
    "BACKEND": "",
    "OPTIONS": {},
    # Checks wait if a fetched mirror is older than this. Set by REGISTER_MAX_AGE_HOURS; the
    # share below by REGISTER_MAX_ENDED_PERCENT.
    "MAX_AGE": timedelta(hours=72),
    # A run that would end more units than this number and than this share of all units is held
    # until a person accepts it. The number is for short lists, where one unit exceeds the share.
    "MAX_ENDED": 3,
    "MAX_ENDED_SHARE": 0.01,
}


def value(name: str) -> Any:
    return getattr(settings, "REGISTER", {}).get(name, DEFAULTS[name])
