"""`manage.py make_superuser WHO`: open the settings admin to somebody."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.naming import NAME, operator, refusals_told
from accounts.naming import login_named
from accounts.services import roles
from certportal.foundation import clock


class Command(BaseCommand):
    """Open the settings admin to the login of a person who has identified themselves once."""

    help = "Open the settings admin to a person's login."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare whom."""
        parser.add_argument("who", help=NAME)

    def handle(self, *args: Any, **options: Any) -> None:
        """Open, and tell to whom."""
        with refusals_told():
            login = login_named(options["who"])
            roles.make_superuser(login, actor=operator("make_superuser"), now=clock.now())
        self.stdout.write(f"{login} ({login.username}) is a superuser")
