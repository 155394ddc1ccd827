import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _, ngettext

from certportal.foundation import alarms, clock
from certportal.foundation.actors import system
from certportal.foundation.event_log.notes import BadNote, Verifier
from certportal.foundation.event_log.verifying import Report
from certportal.foundation.management.operators import OperatorCommand
from issuance import services


class Command(OperatorCommand):
    requires_migrations_checks = True
    help = "Compare the log of events with the database; exit status 1 if something differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            action="append",
            type=Path,
            default=[],
            help="a head that was kept elsewhere, or a directory of them; may be given again",
        )
        parser.add_argument("--verifier", help="the public key of the log, as it was handed out")
        parser.add_argument(
            "--settle",
            action="store_true",
            help="declare the differences of rows found now as explained, once you know the reason",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each difference, and what was compared."""
        chosen = options["verifier"]
        try:
            verifier = Verifier.parse(chosen) if chosen else None
            report = services.verify_audit(places=options["anchor"], verifier=verifier)
        except (BadNote, OSError) as error:
            raise CommandError(str(error)) from error
        for finding in report.findings:
            self.stdout.write(finding.words)
        for line in report.told:
            self.stdout.write(line)
        count = sum(report.count.values())
        if options["settle"]:
            count -= self._settle(report)
        self.stdout.write(
            _("Events in the log: %(size)s. Not yet in it: %(unlogged)s. Differences: %(count)s.")
            % {"size": report.size, "unlogged": report.unlogged, "count": count}
        )
        if report.settled:
            self.stdout.write(_("Explained before: %(count)s.") % {"count": report.settled})
        if count:
            sys.exit(1)
        alarms.clear("verify-audit")

    def _settle(self, report: Report) -> int:
        """Settle all differences of rows, also those beyond the ones listed; return how many."""
        differences = [str(finding) for finding in report.of_rows]
        if differences:
            services.settle_audit(differences, actor=system("verify_audit"), now=clock.now())
        message = ngettext(
            "%(count)s difference of rows was declared explained.",
            "%(count)s differences of rows were declared explained.",
            len(differences),
        )
        self.stdout.write(message % {"count": len(differences)})
        return len(differences)
