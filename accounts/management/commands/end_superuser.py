"""`manage.py end_superuser WHO`: close the settings admin to somebody."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.naming import NAME, operator, refusals_told
from accounts.naming import logins_named
from accounts.services import roles
from certportal.foundation import clock


class Command(BaseCommand):
    """Close the settings admin to every login of a person; their next request finds no door."""

    help = "Close the settings admin to a person's logins."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare whom."""
        parser.add_argument("who", help=NAME)

    def handle(self, *args: Any, **options: Any) -> None:
        """Close, and tell to whom."""
        with refusals_told():
            logins = logins_named(options["who"])
            roles.end_superuser(logins, actor=operator("end_superuser"), now=clock.now())
        for login in logins:
            self.stdout.write(f"{login} ({login.username}) is not a superuser")
