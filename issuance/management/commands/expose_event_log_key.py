from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _

from certportal.foundation.event_log import wording
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.event_log import key


class Command(CeremonyCommand):
    help = "Mark a former key of the log of events as known to others; its receipts prove nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name of the log whose key it was")
        parser.add_argument(
            "--since",
            type=datetime.fromisoformat,
            required=True,
            help="from when others may have had it, such as 2026-11-30T12:00+02:00",
        )

    def act(self, options: dict[str, Any]) -> None:
        """Mark the key and print all public keys."""
        if not is_aware(options["since"]):
            raise CommandError(_("Give the time with its zone, such as 2026-11-30T12:00+02:00."))
        try:
            keys = key.mark_exposed(options["name"], options["since"])
        except LookupError as error:
            words = _("%(name)s is no former key of the log: replace it first.")
            raise CommandError(words % {"name": error.args[0]}) from error
        for each in keys:
            self.stdout.write(wording.of_key(each))
