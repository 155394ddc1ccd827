"""``sync_register [--full] [--dry-run] [--valid-on DAY]``: fetch from the source now."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.register.mirror import imports, report as report_mirror, sync
from accounts.register.models import Kind, RegisterRun
from accounts.register.source.client import RegisterClient, load_client
from certportal.foundation import clock
from certportal.foundation.errors import Refused, Unavailable
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    help = "Bring the SOTE register up to date from its source (REGISTER_URL) now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--full", action="store_true", help="fetch the whole register, not only the changes"
        )
        parser.add_argument("--dry-run", action="store_true", help="print the differences only")
        parser.add_argument(
            "--valid-on",
            type=date.fromisoformat,
            metavar="DAY",
            help="print what the source says of the units valid on that day (changes nothing)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        client = load_client()
        if client is None:
            raise CommandError(
                _(
                    "No source: set REGISTER_URL to the base of the code server’s API, which ends"
                    " in /csapi/v6; or import files with import_register."
                )
            )
        try:
            if options["dry_run"] or options["valid_on"]:
                report = _preview(client, options["valid_on"])
            else:
                bring = sync.sync_full if options["full"] else sync.sync_delta
                report = bring(client, now=clock.now())
        except Unavailable as error:
            raise CommandError(
                _(
                    "%(source)s gave no register: %(error)s. The mirror is as it was. See whether"
                    " the address can be reached from here; it is asked again every hour."
                )
                % {"source": client.source, "error": error}
            ) from error
        except Refused as error:
            raise CommandError(_("Nothing was imported: %(error)s") % {"error": error}) from error
        for line in report_mirror.lines(Kind.SOTE_UNIT, report):
            self.stdout.write(line)
        if report.held:
            self.stdout.write(report_mirror.held_message(report))


def _preview(client: RegisterClient, valid_on: date | None) -> imports.Report:
    """The differences of source and mirror, of all units or only those valid on a day."""
    scope = RegisterRun.Scope.FULL if valid_on is None else RegisterRun.Scope.DELTA
    download = client.download(valid_on=valid_on)
    source = imports.Source(client.source, scope, download.pages)
    return imports.preview(Kind.SOTE_UNIT, download.rows, source, now=clock.now())
