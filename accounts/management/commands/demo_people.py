from typing import Any

from django.core.management.base import CommandParser

from accounts.identification.testidp.persons import PERSONS
from accounts.services import demo
from certportal.foundation import clock
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    help = "Grants the test persons their roles (development and tests only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="only list whom to log in as")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["list"]:
            demo.grant_demo_roles(now=clock.now())
        for person in PERSONS:
            self.stdout.write(f"{person!s:<22} {person.part}")
