import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.core.management.base import CommandError
from django.utils.translation import gettext as _, ngettext

from certportal.foundation.backup.streams import ATTACHMENTS
from certportal.foundation.files.faults import DamagedFile
from certportal.foundation.management.operators import OperatorCommand

EVERY = 100


class Differs(Exception):
    """The store has other bytes under the name of a file."""


def _copy(folder: Path, store: Storage) -> Iterator[tuple[str, bool]]:
    """Copy each file of the folder that the store lacks; read every one back and compare.

    Yields each name, and whether it was copied. Raises Differs, OSError, DamagedFile.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not path.is_file():
            continue
        data = path.read_bytes()
        is_new = not store.exists(path.name)
        if is_new:
            store.save(path.name, ContentFile(data))
        with store.open(path.name) as opened:
            if hashlib.sha256(opened.read()).digest() != hashlib.sha256(data).digest():
                raise Differs(path.name)
        yield path.name, is_new


class Command(OperatorCommand):
    """Copy attachments and papers, verified; may be repeated, and deletes nothing."""

    help = "Copy attachments and papers of this machine into the shared store, and verify them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy and print the progress; CommandError at the first file that fails."""
        if not settings.STORE_URL or not settings.USES_STORE:
            raise CommandError(_("Set STORE_URL, and STORE_KEY_FILE to the file of its key."))
        copied = seen = 0
        try:
            for seen, (_name, is_new) in enumerate(
                _copy(settings.PORTAL_DATA / ATTACHMENTS, default_storage), 1
            ):
                copied += is_new
                if seen % EVERY == 0:
                    self.stdout.write(_("%(seen)s files are in the store …") % {"seen": seen})
        except Differs as error:
            words = _(
                "The store has another file of the name %(name)s. Compare the two, put the"
                " wrong one aside and run this again."
            )
            raise CommandError(words % {"name": error}) from error
        except (OSError, DamagedFile) as error:
            words = _(
                "After %(seen)s files: %(error)s (%(address)s). Fix that and run this again:"
                " what is in the store stays."
            )
            facts = {"seen": seen, "error": error, "address": settings.STORE_URL}
            raise CommandError(words % facts) from error
        summary = ngettext(
            "%(seen)s file is in the store, %(copied)s copied now, all verified.",
            "%(seen)s files are in the store, %(copied)s of them copied now, all verified.",
            seen,
        )
        self.stdout.write(summary % {"seen": seen, "copied": copied})
