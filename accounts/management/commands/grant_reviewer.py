"""`manage.py grant_reviewer WHO`: name a reviewer."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.naming import NAME, operator, refusals_told
from accounts.naming import person_named
from accounts.services import roles
from certportal.foundation import clock


class Command(BaseCommand):
    """Give a person the reviewer's role; they must have identified themselves once."""

    help = "Give a person the reviewer's role."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare whom to name."""
        parser.add_argument("who", help=NAME)

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant, and tell to whom."""
        with refusals_told():
            person = person_named(options["who"])
            roles.grant_reviewer(person, by=None, actor=operator("grant_reviewer"), now=clock.now())
        self.stdout.write(f"{person} ({person.pk}) is a reviewer")
