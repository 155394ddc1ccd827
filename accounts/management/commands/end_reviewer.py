"""`manage.py end_reviewer WHO`: take the reviewer's role away."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.naming import NAME, operator, refusals_told
from accounts.naming import person_named
from accounts.services import roles
from certportal.foundation import clock


class Command(BaseCommand):
    """Take the reviewer's role from a person; their next request finds no console."""

    help = "Take the reviewer's role from a person."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare whom."""
        parser.add_argument("who", help=NAME)

    def handle(self, *args: Any, **options: Any) -> None:
        """End, and tell whose."""
        with refusals_told():
            person = person_named(options["who"])
            roles.end_reviewer(person, actor=operator("end_reviewer"), now=clock.now())
        self.stdout.write(f"{person} ({person.pk}) is not a reviewer")
