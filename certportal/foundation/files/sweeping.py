"""Deleting stored files that no row names.

They are left behind where a file could not be deleted: the store did not answer when a transaction
was rolled back, or after the commit that erased the file's row.
"""

from datetime import datetime, timedelta

import structlog
from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models

from certportal.foundation.files import ownership

log = structlog.get_logger(__name__)

ALARM = "sweep-files"
"""Raised while nothing is deleted, because the files may be another database's."""
LEAST_AGE = timedelta(days=7)
"""Younger files may belong to a transaction that is open, or to a backup not yet restored. For so
long after a database has claimed the shared store, another one may say that it is its own."""
MOST, MOST_SHARE = 100, 0.1
"""If more files than both are unknown, the database is another one's, or has lost rows."""


class TooManyUnknown(Exception):
    """So many files are unknown to the database that none is deleted."""


def sweep(*, now: datetime) -> int:
    """Delete the files that no row names and that are old enough; return how many.

    Raises TooManyUnknown, OfAnotherDatabase, StoreAway, DamagedFile.
    """
    if settings.STORE_URL and now - ownership.owned_since() < LEAST_AGE:
        return 0
    try:
        stored = set(default_storage.listdir("")[1])  # before the rows: a new file has its row then
    except FileNotFoundError:
        return 0
    unknown = stored - _named()
    if len(unknown) > max(MOST, MOST_SHARE * len(stored)):
        raise TooManyUnknown(f"{len(unknown)} of {len(stored)} stored files")
    swept = [name for name in sorted(unknown) if _delete(name, now)]
    if swept:
        log.warning("files_swept", files=len(swept))
    return len(swept)


def _named() -> set[str]:
    """The names of all files in all rows."""
    fields = (
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
    )
    return {
        name
        for model, field in fields
        for name in model._default_manager.values_list(field, flat=True)
    }


def _delete(name: str, now: datetime) -> bool:
    try:
        if now - default_storage.get_modified_time(name) < LEAST_AGE:
            return False
    except FileNotFoundError:  # somebody was quicker
        return False
    default_storage.delete(name)
    return True
