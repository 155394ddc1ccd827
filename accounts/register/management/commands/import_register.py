"""``import_register FILE… | --sample [--dry-run]``: bring register files into the mirror."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.register import files, services
from accounts.register.csapi import Malformed
from accounts.register.models import Kind, RegisterRun
from accounts.register.services import Report, Source
from certportal.foundation import clock
from certportal.foundation.errors import Refused


class Command(BaseCommand):
    """Import the code server's JSON pages or a list of intermediaries, all or nothing."""

    help = "Import register files (CSAPI v6 JSON, or the list of Kanta intermediaries)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)
        parser.add_argument("--sample", action="store_true", help="import the sample registers")
        parser.add_argument("--delta", action="store_true", help="rows not in the files stay")
        parser.add_argument("--dry-run", action="store_true", help="print the differences only")

    def handle(self, *_args: Any, **options: Any) -> None:
        sample = [*files.SAMPLE_UNITS, *files.SAMPLE_INTERMEDIARIES] if options["sample"] else []
        paths = [*options["files"], *sample]
        if not paths:
            raise CommandError("Give files to import, or --sample.")
        scope = RegisterRun.Scope.DELTA if options["delta"] else RegisterRun.Scope.FULL
        bring = services.preview if options["dry_run"] else services.import_rows
        try:
            found = files.read_files(paths, progress=self._progress(len(paths)))
            for kind, rows in found.items():
                source = Source(_name(paths), scope, len(paths))
                self._show(kind, bring(kind, rows, source, now=clock.now()))
        except (Malformed, Refused, OSError) as error:
            raise CommandError(str(error)) from error

    def _progress(self, total: int) -> Any:
        read = iter(range(1, total + 1))

        def advance(path: Path) -> None:
            done = next(read)
            bar = "#" * (30 * done // total)
            self.stderr.write(f"\r[{bar:<30}] {done}/{total} {path.name}", ending="")
            if done == total:
                self.stderr.write("")

        return advance

    def _show(self, kind: Kind, report: Report) -> None:
        for difference in report.differences:
            self.stdout.write(f"{difference.change} {difference.oid}")
            for name in sorted({*difference.before, *difference.after}):
                before, after = difference.before.get(name), difference.after.get(name)
                self.stdout.write(f"  {name}: {before!r} → {after!r}")
        counts = report.counts
        self.stdout.write(
            f"{kind}: {counts.read} rows read, {counts.added} added, {counts.changed} changed,"
            f" {counts.removed} removed, {counts.ended} no longer standing"
        )
        if report.run is not None and report.held:
            raise CommandError(
                "Held: it would end too many units. If that is right, run"
                f" accept_register_run {report.run.pk} --reason WHY and import again."
            )


def _name(paths: list[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{paths[0].name} … {paths[-1].name}"
