"""Deleting stored files that no row names.

They remain if a file could not be deleted because the store did not answer, after a rollback or
after the commit that deleted the file's row.
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
"""Raised while nothing is deleted, because the files may belong to another database."""
LEAST_AGE = timedelta(days=7)
"""Younger files may belong to an open transaction, or to a backup not yet restored. Nothing is
deleted for this long after a database has claimed the shared store, so that another one that uses
the store can report it."""
MOST, MOST_SHARE = 100, 0.1
"""If more unknown files than both, the files belong to another database, or rows were lost."""


class TooManyUnknown(Exception):
    """Nothing is deleted, since suspiciously many files are unknown to the database."""


def sweep(*, now: datetime) -> int:
    """Delete the files that no row names and that are old enough; return how many.

    Raises TooManyUnknown, OfAnotherDatabase, StoreAway, DamagedFile.
    """
    if settings.STORE_URL and now - ownership.owned_since() < LEAST_AGE:
        return 0
    try:
        stored = set(default_storage.listdir("")[1])  # before the rows, so that each file has one
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
    except FileNotFoundError:  # deleted meanwhile
        return False
    default_storage.delete(name)
    return True
