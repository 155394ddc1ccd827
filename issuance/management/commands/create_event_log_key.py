from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.event_log.notes import BadNote
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.event_log import key


class Command(CeremonyCommand):
    help = "Make the key that signs the log of events, where the keys of the CAs are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--name",
            default=key.default_name(),
            help="the name that the log has for good (%(default)s)",
        )

    def act(self, options: dict[str, Any]) -> None:
        """Make the key and print its public half, for the auditors."""
        try:
            verifier = key.make(options["name"], now=clock.now())
        except BadNote as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("The public key of the log; hand it to the auditors:"))
        self.stdout.write(str(verifier))
