"""`manage.py reset_second_factor WHO`: let somebody who has lost theirs set up a new one."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.naming import NAME, operator, refusals_told
from accounts.naming import person_named
from accounts.services import factors
from certportal.foundation import clock


class Command(BaseCommand):
    """Remove a person's second factors; their next visit sets one up."""

    help = "Remove the second factors of a person who has lost them."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare whom."""
        parser.add_argument("who", help=NAME)

    def handle(self, *args: Any, **options: Any) -> None:
        """Reset, and tell whose."""
        with refusals_told():
            person = person_named(options["who"])
            factors.reset(person, actor=operator("reset_second_factor"), now=clock.now())
        self.stdout.write(f"{person} ({person.pk}) has no second factor")
