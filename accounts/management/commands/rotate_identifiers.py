"""Tell how far a change of the identity key has come."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import rotating
from certportal.foundation import clock
from certportal.foundation.actors import system


class Command(BaseCommand):
    """Counts who is recognised by the newest key of IDENTITY_KEYS, and drops old hashes."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--drop`."""
        parser.add_argument(
            "--drop", action="store_true", help="remove the old hashes of those who have a new one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Drop if asked to, then report."""
        if options["drop"]:
            gone = rotating.drop_superseded(actor=system("rotate_identifiers"), now=clock.now())
            self.stdout.write(f"Old hashes removed: {gone}")
        found = rotating.standing()
        self.stdout.write(f"Under key {found.version}: {found.renewed}")
        self.stdout.write(f"Not yet: {found.remaining}")
