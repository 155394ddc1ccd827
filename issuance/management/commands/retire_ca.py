from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand, ask_name
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
            help="retire it even if no other CA could then issue in its branch",
        )
        parser.add_argument("--no-input", action="store_true", help="do not ask")

    def act(self, options: dict[str, Any]) -> None:
        if not options["no_input"]:
            stem = {"ca": options["stem"]}
            self.stdout.write(_("%(ca)s will issue no certificate ever again.") % stem)
            ask_name(_("Type its name to go on: %(ca)s?") % stem, options["stem"])
        ca = retire(
            options["stem"],
            leave_branch=options["leave_branch"],
            actor=system("ceremony"),
            now=clock.now(),
        )
        self.stdout.write(_("%(ca)s issues no more") % {"ca": ca.stem})
