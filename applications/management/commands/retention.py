"""``manage.py retention``: show the table of retention, or erase what its time is over for."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from applications import retention, services
from certportal.foundation import clock


class Command(BaseCommand):
    """Carry the table of retention out now, or with --table print it."""

    help = "Erase the personal data whose time is over; with --table, print docs/retention.md."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare --table."""
        parser.add_argument("--table", action="store_true", help="print the table and do nothing")

    def handle(self, *args: Any, table: bool = False, **options: Any) -> None:
        """Print or erase."""
        if table:
            self.stdout.write(retention.as_markdown(), ending="")
        else:
            services.erase_expired(now=clock.now())
