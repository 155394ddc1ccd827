from typing import Any

from django.core.files.storage import Storage
from django.core.management.base import CommandParser

from issuance.management.rounds import Carrier, RoundsCommand
from issuance.publication.shared.sending import Sender


class Command(RoundsCommand):
    help = "Send CA certificates, lists and OCSP responses to the shared store as they change."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--again", action="store_true", help="first send everything, whatever the store has"
        )

    def carrier(self, store: Storage, options: dict[str, Any]) -> Carrier:
        return Sender(store, again=options["again"])
