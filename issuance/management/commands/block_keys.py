"""`manage.py block_keys FILE`: keys that get no certificate, by the hashes in a file."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused
from issuance.models import BlockedKey
from issuance.services import import_keys


class Command(BaseCommand):
    """Add the SPKI hashes of a file to the block list; running it again adds nothing."""

    help = "Block keys by SHA-256 of their SubjectPublicKeyInfo (hex), one on each line."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "file", type=argparse.FileType("r", encoding="ascii"), help="- for stdin"
        )
        parser.add_argument("--reason", choices=BlockedKey.REASONS, default="published")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and say how many are new."""
        try:
            with options["file"] as lines:
                new = import_keys(
                    lines, options["reason"], actor=system("block_keys"), now=clock.now()
                )
        except (Refused, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{new} new")
