"""`retire_ca`: stop an issuing CA, with nobody in its place."""

from typing import Any

from django.core.management.base import CommandParser

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.generations import retire


class Command(CeremonyCommand):
    help = (
        "Stop an issuing CA from issuing; its status is published until its last certificate ends."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stem", help="name of the CA, such as sote-rsa-1")

    def act(self, options: dict[str, Any]) -> None:
        ca = retire(options["stem"], actor=system("ceremony"), now=clock.now())
        self.stdout.write(f"{ca.stem} issues no more")
