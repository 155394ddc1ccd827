"""``sync_register [--full] [--dry-run] [--valid-on DAY]``: ask the source now."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.register import reporting, services, sync
from accounts.register.client import RegisterClient, load_client
from accounts.register.models import Kind, RegisterRun
from accounts.register.services import Report, Source
from certportal.foundation import clock
from certportal.foundation.errors import Refused, Unavailable


class Command(BaseCommand):
    """What beat does by itself when it is due, at once; or the differences without any change."""

    help = "Bring the SOTE register up to date from its source (REGISTER_URL) now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="the whole, not what has changed")
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
            raise CommandError("No source: set REGISTER_URL.")
        try:
            if options["dry_run"] or options["valid_on"]:
                report = _preview(client, options["valid_on"])
            else:
                bring = sync.sync_full if options["full"] else sync.sync_delta
                report = bring(client, now=clock.now())
        except (Unavailable, Refused) as error:
            raise CommandError(str(error)) from error
        for line in reporting.lines(Kind.SOTE_UNIT, report):
            self.stdout.write(line)
        if report.held:
            self.stdout.write(reporting.held(report))


def _preview(client: RegisterClient, valid_on: date | None) -> Report:
    """The source beside the mirror: everything, or only the units valid on a day."""
    scope = RegisterRun.Scope.FULL if valid_on is None else RegisterRun.Scope.DELTA
    download = client.download(valid_on=valid_on)
    source = Source(client.source, scope, download.pages)
    return services.preview(Kind.SOTE_UNIT, download.rows, source, now=clock.now())
