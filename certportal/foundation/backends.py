"""Backends of the service's seams, each chosen by a setting (``BACKEND`` and ``OPTIONS``)."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def chosen(setting: str) -> Any:
    """Return the backend that the setting of this name chooses; one instance per process."""
    named = getattr(settings, setting)
    return _build(named["BACKEND"], tuple(sorted(named["OPTIONS"].items())))


@cache
def _build(path: str, options: tuple[tuple[str, Any], ...]) -> Any:
    return import_string(path)(**dict(options))
