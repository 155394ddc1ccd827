import argparse
from pathlib import Path
from typing import Any

from certportal.foundation.backup import restore
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
        for line in restore(source, identity=identity, replace=options["replace"]):
            self.stdout.write(line)
