"""`manage.py restore DIR --identity FILE`: restore a backup into an empty database."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from certportal.foundation.backup import BackupFailed, restore
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    help = "Restore a backup. Stop the service first; run migrate and reconcile --mend afterwards."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help="the folder that backup made")
        parser.add_argument("--identity", type=Path, required=True, help="file of the private key")
        parser.add_argument(
            "--replace", action="store_true", help="delete what the database holds first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore and print which existing files were kept."""
        source, identity = options["source"], options["identity"]
        try:
            kept = restore(source, identity=identity, replace=options["replace"])
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        for line in kept:
            self.stdout.write(line)
