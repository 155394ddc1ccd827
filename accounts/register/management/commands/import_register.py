"""``import_register FILE… | --sample [--dry-run]``: import register files into the mirror."""

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.register.mirror import imports, report as report_mirror
from accounts.register.models import Kind, RegisterRun
from accounts.register.source import files
from accounts.register.source.codeserver_api import Malformed
from certportal.foundation import clock
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    """Import the code server's JSON pages or a list of intermediaries, atomically per register."""

    help = "Import register files (CSAPI v6 JSON, or the list of Kanta intermediaries)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)
        parser.add_argument("--sample", action="store_true", help="import the sample registers")
        parser.add_argument(
            "--delta", action="store_true", help="keep rows that are not in the files"
        )
        parser.add_argument(
            "--older", action="store_true", help="import even an export older than the mirror"
        )
        parser.add_argument("--dry-run", action="store_true", help="print the differences only")

    def handle(self, *_args: Any, **options: Any) -> None:
        sample = [*files.SAMPLE_UNITS, *files.SAMPLE_INTERMEDIARIES] if options["sample"] else []
        paths = [*options["files"], *sample]
        if not paths:
            raise CommandError(_("Give files to import, or --sample."))
        scope = RegisterRun.Scope.DELTA if options["delta"] else RegisterRun.Scope.FULL
        first, last = paths[0].name, paths[-1].name
        named = first if len(paths) == 1 else f"{first} … {last}"
        source = imports.Source(named, scope, len(paths))
        imported = partial(imports.import_rows, older=options["older"])
        bring = imports.preview if options["dry_run"] else imported
        try:
            found = files.read_files(paths, whole=not options["delta"], watch=self._watch)
            for kind, rows in found.items():
                self._show(kind, bring(kind, self._watch(kind, rows), source, now=clock.now()))
        except (Malformed, OSError) as error:
            raise CommandError(str(error)) from error

    def _watch(self, label: str, items: Sequence[Any]) -> Iterable[Any]:
        if not self.stderr.isatty():  # a bar in a log is one long line of carriage returns
            return items
        return report_mirror.bar(label, items, lambda text: self.stderr.write(text, ending=""))

    def _show(self, kind: Kind, report: imports.Report) -> None:
        for line in report_mirror.lines(kind, report):
            self.stdout.write(line)
        if report.older is not None:
            self.stdout.write(str(report.older))
        if report.held and report.run is None:
            self.stdout.write(report_mirror.held_message(report))
        elif report.held:
            raise CommandError(report_mirror.held_message(report))
