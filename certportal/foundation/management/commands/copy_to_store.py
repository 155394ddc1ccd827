"""`manage.py copy_to_store`: copy this machine's documents into the shared store."""

from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import CommandError

from certportal.foundation.backup.streams import ATTACHMENTS
from certportal.foundation.files import moving
from certportal.foundation.files.faults import DamagedFile
from certportal.foundation.management.operators import OperatorCommand

EVERY = 100


class Command(OperatorCommand):
    """Copy attachments and papers, verified; may be repeated, and deletes nothing."""

    help = "Copy attachments and papers of this machine into the shared store, and verify them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy and print the progress; CommandError at the first file that fails."""
        if not settings.STORE_URL or not settings.USES_STORE:
            raise CommandError("set STORE_URL, and STORE_KEY_FILE to the file of its key")
        copied = seen = 0
        try:
            for seen, (_, is_new) in enumerate(
                moving.copy(settings.PORTAL_DATA / ATTACHMENTS, default_storage), 1
            ):
                copied += is_new
                if seen % EVERY == 0:
                    self.stdout.write(f"{seen} files are in the store …")
        except moving.Differs as error:
            raise CommandError(f"the store has another file of the name {error}") from error
        except (OSError, DamagedFile) as error:
            raise CommandError(f"after {seen} files: {type(error).__name__}: {error}") from error
        self.stdout.write(
            f"{seen} files are in the store, {copied} of them copied now, all verified"
        )
