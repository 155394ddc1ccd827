"""`manage.py block_keys FILE`: block the public keys whose hashes are in a file."""

import argparse
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused
from issuance.models import BlockedKey, Certificate
from issuance.services import hit_by, import_keys


class Command(BaseCommand):
    """Add the SPKI hashes of a file to the block list; running it again adds nothing new."""

    help = "Block keys by SHA-256 of their SubjectPublicKeyInfo (hex), one on each line."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "file", type=argparse.FileType("r", encoding="ascii"), help="- for stdin"
        )
        parser.add_argument("--reason", choices=BlockedKey.REASONS, default="published")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the hashes; print the number of new ones and the certificates in force they hit.

        These are printed by every run, until they are revoked.
        """
        name, now = options["file"].name, clock.now()
        try:
            with options["file"] as file:
                lines = file.readlines()
            new = import_keys(lines, options["reason"], actor=system("block_keys"), now=now)
        except UnicodeDecodeError as error:
            raise CommandError(f"{name} is no text of hashes (hex), one on each line") from error
        except Refused as error:
            raise CommandError(f"{name}: {error}; nothing was blocked") from error
        self.stdout.write(f"{new} new")
        self._tell(hit_by(lines, now=now))

    def _tell(self, hit: Sequence[Certificate]) -> None:
        for one in hit:
            self.stdout.write(
                f"in force: {one.issuing_ca.stem} {one.serial} until {one.not_after:%Y-%m-%d},"
                f" order {one.reference}, key {one.spki_sha256}"
            )
        if hit:
            self.stdout.write(
                f"{len(hit)} certificates in force have a blocked key. The console lists"
                " them, and a reviewer revokes each; a key that others have, within 24 hours"
                " (CA/B BR 4.9.1.1)."
            )
