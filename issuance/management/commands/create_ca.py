"""`create_ca`: the key ceremony."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused, Unavailable
from issuance.services import ceremony
from issuance.signers.file import KeyFiles


class Command(BaseCommand):
    help = "Make a root and an issuing CA, or with --demo whatever the demonstration CAs lack."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="all four CAs that are missing")
        parser.add_argument("--environment", choices=["production", "test"])
        parser.add_argument("--branch", choices=["rsa", "ec"])
        parser.add_argument("--generation", type=int, default=1)
        parser.add_argument("--rsa-bits", type=int, choices=[2048, 3072, 4096], default=4096)

    def handle(self, *args: Any, **options: Any) -> None:
        keys, now, actor = KeyFiles(), clock.now(), system("ceremony")
        common = {"keys": keys, "actor": actor, "now": now, "rsa_bits": options["rsa_bits"]}
        try:
            if options["demo"]:
                records = list(ceremony.create_missing(**common))
            elif options["environment"] and options["branch"]:
                place = ceremony.Place(
                    options["environment"], options["branch"], options["generation"]
                )
                records = ceremony.create_ca(place, **common)
            else:
                raise CommandError("give --demo, or --environment and --branch")
        except (Refused, Unavailable, OSError) as error:
            raise CommandError(str(error)) from error
        for record in records:
            self._print(record, f"{getpass.getuser()} {now:%Y-%m-%dT%H:%M:%SZ}")

    def _print(self, record: ceremony.Record, who_and_when: str) -> None:
        self.stdout.write(
            f"CA {record.stem} made by {who_and_when}\n"
            f"  subject    {record.subject}\n"
            f"  serial     {record.serial}\n"
            f"  SHA-256    {record.sha256}\n"
            f"  ends       {record.not_after:%Y-%m-%dT%H:%M:%SZ}"
        )
