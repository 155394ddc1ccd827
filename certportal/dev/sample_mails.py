"""Every mail of the service, as caused by some occasion, in every language.

They are made in an empty service, inside a transaction that is rolled back.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.test import override_settings

from accounts.register.mirror import imports
from accounts.register.source import files
from certportal.dev import occasions
from certportal.dev.builders import hierarchy, mails, orders
from certportal.foundation import clock
from certportal.foundation.database.database_limit import unlimited
from certportal.foundation.mail.sending import Message
from certportal.foundation.models import OutboxItem

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
# Only one thread at a time: the settings and the tables of the process are replaced meanwhile.
ALONE = Lock()


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail: its name, the recipient's role in the order if it is about one, and the message."""

    name: str
    reader: str
    message: Message

    @property
    def words(self) -> str:
        """The text without words that contain digits, to recognise the same wording."""
        return re.sub(r"\S*\d\S*", "", f"{self.message.subject} {self.message.text}")


class Collector(BaseEmailBackend):
    """A mail backend that writes each mail in every language into the list `found`."""

    def __init__(self, *, found: list[Sample], **options: Any) -> None:
        super().__init__(**options)
        self.found = found

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Add the mails to the list and return how many."""
        for message in email_messages:
            item = OutboxItem.objects.get(
                pk=re.split("[<.@]", message.extra_headers["Message-ID"])[1]
            )
            reader = item.payload.get("recipient", "").partition(":")[0]
            for language in LANGUAGES:
                written = mails.written(item, language=language)
                assert written is not None  # it was sent just now
                self.found.append(Sample(mails.name_of(item), reader, written))
        return len(email_messages)


def samples() -> list[Sample]:
    """Return the mails of all occasions, each wording once, in every language."""
    found: list[Sample] = []
    collector = {"BACKEND": f"{__name__}.Collector", "OPTIONS": {"found": found}}
    with ALONE, empty_service(MAILERS={"default": collector}):
        for stage in occasions.STAGES:
            with back_with_files():
                made = stage()
                _work()
                for occasion in occasions.of(stage):
                    with back_with_files():
                        occasion(made)
                        _work()
    once = {(each.name, each.reader, each.message.language, each.words): each for each in found}
    return list(once.values())


def _work() -> None:
    """Do all open work, including items that are due in the future."""
    OutboxItem.objects.filter(done_at=None).update(due_at=clock.now())
    orders.drain()


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
        models = apps.get_models(include_auto_created=True)
        with connection.cursor() as cursor:
            for table in (m._meta.db_table for m in models if m._meta.app_label in APPS):
                cursor.execute(f'CREATE TEMP TABLE "{table}" (LIKE "{table}" INCLUDING ALL)')
            cursor.execute("CREATE TEMP SEQUENCE applications_order_number")
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
