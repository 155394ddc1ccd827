"""An empty service inside a transaction that is rolled back."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from accounts.register.mirror import imports
from accounts.register.source import files
from certportal.dev.builders import hierarchy
from certportal.foundation import clock
from certportal.foundation.database_limit import unlimited

APPS = ("foundation", "accounts", "register", "applications", "issuance")


@contextmanager
def empty_service(**more: Any) -> Iterator[None]:
    """Provide sample registers, CAs with keys in memory and no other data; roll back at the end.

    Temporary tables hide those of the database, which are neither read nor locked. Files are
    written to a temporary directory. `more`: further settings.
    """
    with (
        TemporaryDirectory() as data,
        override_settings(STORAGES=_storages(data), **more),
        unlimited(),  # registers are imported by COPY
        back(),
    ):
        _hide_tables()
        hierarchy.make_hierarchy(settings, Path(data))
        paths = [*files.SAMPLE_UNITS, *files.SAMPLE_INTERMEDIARIES]
        for kind, rows in files.read_files(paths).items():
            imports.import_rows(kind, rows, imports.Source("sample"), now=clock.now())
        yield


@contextmanager
def back() -> Iterator[None]:
    """Roll back the block's changes to the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def back_with_files() -> Iterator[None]:
    """Roll back the block's changes to the database and to the files of an `empty_service`.

    A certificate that stayed in the journal while its approval was rolled back would stop its CA.
    """
    with TemporaryDirectory() as copy:
        shutil.copytree(settings.PORTAL_DATA, copy, copy_function=_copy, dirs_exist_ok=True)
        with override_settings(PORTAL_DATA=Path(copy)), back():
            yield


def _copy(file: str, to: str) -> None:
    """Copy a file; link a journal's identity, which includes its inode."""
    if Path(file).name == ".identity":
        os.link(file, to)
    else:
        shutil.copy2(file, to)


def _storages(data: str) -> dict[str, Any]:
    storage = "django.core.files.storage.FileSystemStorage"
    attachments = {"BACKEND": storage, "OPTIONS": {"location": f"{data}/attachments"}}
    return settings.STORAGES | {"default": attachments}


def _hide_tables() -> None:
    models = apps.get_models(include_auto_created=True)
    with connection.cursor() as cursor:
        for table in (m._meta.db_table for m in models if m._meta.app_label in APPS):
            cursor.execute(f'CREATE TEMP TABLE "{table}" (LIKE "{table}" INCLUDING ALL)')
        cursor.execute("CREATE TEMP SEQUENCE applications_order_number")
