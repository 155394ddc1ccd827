import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.backup import back_up
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    """Back up; signing keys and secrets are not included."""

    requires_migrations_checks = True
    help = "Back up database, attachments, journal and published files, encrypted with age."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("target", type=Path, help="the folder to make")
        parser.add_argument(
            "--recipients",
            type=Path,
            default=settings.BACKUP_RECIPIENTS or None,
            help="file of age public keys (BACKUP_RECIPIENTS)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["recipients"] is None:
            words = _(
                "Give --recipients FILE; `age-keygen -o backup.key` makes a key pair, whose"
                " private half belongs where this machine cannot read it."
            )
            raise CommandError(words)
        sizes = back_up(options["target"], recipients=options["recipients"], now=clock.now())
        for name, size in sizes.items():
            words = _("%(file)s: %(size)s bytes")
            self.stdout.write(words % {"file": options["target"] / name, "size": size})
