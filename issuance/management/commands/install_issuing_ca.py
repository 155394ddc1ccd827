"""`install_issuing_ca`: register the issuing CA that the root has certified."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.records import sha256_of
from issuance.services.registering import install_ca
from issuance.services.signing import key_store


class Command(CeremonyCommand):
    help = "Register the chain of sign_issuing_ca: published, and on standby until it is started."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("chain", help="the chain (PEM) of sign_issuing_ca")
        parser.add_argument("--root-sha256", default="", help="fingerprint of a root new here")

    def act(self, options: dict[str, Any]) -> None:
        ca = install_ca(
            Path(options["chain"]).read_bytes(),
            keys=key_store(),
            actor=system("ceremony"),
            now=clock.now(),
            root_sha256=options["root_sha256"],
        )
        self.stdout.write(f"CA {ca.stem} is on standby\n  SHA-256    {sha256_of(ca.certificate)}")
