"""`retire_ca`: stop an issuing CA from issuing, without a successor."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.ceremony.generations import retire


class Command(CeremonyCommand):
    help = (
        "Stop an issuing CA from issuing; its status is published until its last certificate ends."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stem", help="name of the CA, such as sote-rsa-1")
        parser.add_argument(
            "--leave-branch",
            action="store_true",
            help="retire it though nobody else could issue in its branch",
        )
        parser.add_argument("--no-input", action="store_true", help="do not ask")

    def act(self, options: dict[str, Any]) -> None:
        if not options["no_input"]:
            self._ask(options["stem"])
        ca = retire(
            options["stem"],
            leave_branch=options["leave_branch"],
            actor=system("ceremony"),
            now=clock.now(),
        )
        self.stdout.write(f"{ca.stem} issues no more")

    def _ask(self, stem: str) -> None:
        self.stdout.write(f"{stem} will issue no certificate ever again.")
        try:
            said = input(f"Type its name to go on: {stem}? ")
        except EOFError as error:
            raise CommandError("Nobody answered; with --no-input nobody is asked.") from error
        if said.strip() != stem:
            raise CommandError(f"Nothing was done: the answer was not {stem}.")
