import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import alarms, clock
from certportal.foundation.management.operators import OperatorCommand
from issuance import services
from issuance.management.outcomes import line
from issuance.services.recovery.reconcile import MENDED


class Command(OperatorCommand):
    help = "Compare journal, database and revocation lists; exit status 1 if something is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--mend",
            action="store_true",
            help="restore rows the database lost and resume interrupted work",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = services.reconcile(mend=options["mend"], now=clock.now())
        for outcome in outcomes:
            self.stdout.write(line(outcome))
        left = sum(done != MENDED for _difference, done in outcomes)
        words = _("%(found)s differences, %(left)s left")
        self.stdout.write(words % {"found": len(outcomes), "left": left})
        if left:
            sys.exit(1)
        alarms.clear("reconcile")
