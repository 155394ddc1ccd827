from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.ceremony.generations import start_generation


class Command(CeremonyCommand):
    help = "Start issuing from the standby CA; the previous one keeps publishing status."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stem", help="name of the CA, such as sote-rsa-2")

    def act(self, options: dict[str, Any]) -> None:
        ca = start_generation(options["stem"], actor=system("ceremony"), now=clock.now())
        self.stdout.write(_("%(ca)s issues from now on.") % {"ca": ca.stem})
