from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.event_log import wording
from certportal.foundation.event_log.notes import BadNote
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.recovery.replace_log import replace_log


class Command(CeremonyCommand):
    help = "Begin another log of events under another key; stop the signer before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--name", required=True, help="of the new log, which no log of yours has had"
        )

    def act(self, options: dict[str, Any]) -> None:
        """Replace the key and print all public keys, for the auditors."""
        try:
            keys = replace_log(options["name"], now=clock.now())
        except BadNote as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("The public keys of the log, the new one first; hand them out:"))
        for key in keys:
            self.stdout.write(wording.of_key(key))
