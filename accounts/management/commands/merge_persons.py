"""`manage.py merge_persons FROM INTO`: one person of two."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.naming import NAME, operator, refusals_told
from accounts.naming import person_named
from accounts.services import merging
from certportal.foundation import clock


class Command(BaseCommand):
    """Merge two persons who are the same human, recognised in two ways."""

    help = "Let the logins, memberships and roles of FROM be those of INTO from now on."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare whom."""
        parser.add_argument("gone", metavar="FROM", help=NAME)
        parser.add_argument("into", metavar="INTO", help=NAME)

    def handle(self, *args: Any, **options: Any) -> None:
        """Merge, and tell who stays."""
        with refusals_told():
            gone, into = person_named(options["gone"]), person_named(options["into"])
            merging.merge(gone, into=into, actor=operator("merge_persons"), now=clock.now())
        self.stdout.write(f"{gone.pk} is {into} ({into.pk}) from now on")
