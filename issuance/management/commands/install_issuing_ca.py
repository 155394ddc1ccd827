from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.ceremony.ceremony_record import sha256_of
from issuance.services.ceremony.register_ca import install_ca
from issuance.services.signer import key_store


class Command(CeremonyCommand):
    help = "Register the chain made by sign_issuing_ca: published, on standby until started."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("chain", help="the chain (PEM) of sign_issuing_ca")
        parser.add_argument(
            "--root-sha256",
            default="",
            help="SHA-256 fingerprint of a root that is not installed yet",
        )

    def act(self, options: dict[str, Any]) -> None:
        ca = install_ca(
            Path(options["chain"]).read_bytes(),
            keys=key_store(),
            actor=system("ceremony"),
            now=clock.now(),
            root_sha256=options["root_sha256"],
        )
        self.stdout.write(_("%(ca)s is on standby.") % {"ca": ca.stem})
        self.stdout.write(f"  SHA-256    {sha256_of(ca.certificate)}")
