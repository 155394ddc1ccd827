import argparse
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _, ngettext

from applications import services
from applications.rules import retention
from certportal.foundation import clock
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    help = "Erase personal data whose retention period has ended; --table prints docs/retention.md."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--table", action="store_true", help="print the table and do nothing")

    def handle(self, *args: Any, table: bool = False, **options: Any) -> None:
        if table:
            self.stdout.write(retention.as_markdown(), ending="")
            return
        self.check_migrations()  # here, since the table is printed without a database
        try:
            erased = services.erase_expired(now=clock.now())
        except Exception as error:
            words = _(
                "Not everything was erased (%(error)s). The log names each order as"
                " job_failed_for_one, with the reason; fix that and run this again."
            )
            raise CommandError(words % {"error": type(error).__name__}) from error
        words = ngettext(
            "%(count)s order erased, and persons and files that nothing needs.",
            "%(count)s orders erased, and persons and files that nothing needs.",
            erased,
        )
        self.stdout.write(words % {"count": erased})
