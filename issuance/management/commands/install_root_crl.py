from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.ceremony.register_ca import install_root_list


class Command(CeremonyCommand):
    help = "Publish the list made by sign_root_crl; an issuing CA listed on it never issues again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("list", help="the list (DER) of sign_root_crl")

    def act(self, options: dict[str, Any]) -> None:
        content = Path(options["list"]).read_bytes()
        place = install_root_list(content, actor=system("ceremony"), now=clock.now())
        self.stdout.write(_("The list of %(root)s is published.") % {"root": place.root_stem})
