from typing import Any

from django.core.management.base import CommandParser

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand, add_people, add_root_keys, root_keys
from issuance.services.ceremony import create_seal
from issuance.services.ceremony.root import REASONS
from issuance.services.signer import key_store
from issuance.signers.file import KeyFiles


class Command(CeremonyCommand):
    help = "Make the seal of the service's papers, and with the first one its root."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--number", type=int, default=1, help="number of the seal; a new seal has the next one"
        )
        parser.add_argument(
            "--revoke-last",
            choices=REASONS,
            default="",
            help="reason for revoking the previous seal",
        )
        add_root_keys(parser, required=False)
        add_people(parser)

    def act(self, options: dict[str, Any]) -> None:
        roots = root_keys(options)
        now = clock.now()
        create_seal.create_seal(
            keys=key_store(),
            roots=roots or KeyFiles(),
            actor=system("ceremony"),
            now=now,
            number=options["number"],
            revoke=options["revoke_last"],
            keep=self.keeping("seal of papers", options, now),
        )
