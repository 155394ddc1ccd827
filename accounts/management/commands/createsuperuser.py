"""Django's `manage.py createsuperuser`, disabled: every superuser is an identified person."""

from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    help = "Closed: use make_superuser for somebody who has identified themselves."

    def add_arguments(self, parser: Any) -> None:
        """Accept the options of Django's own command."""
        parser.add_argument("--username")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive")

    def handle(self, *args: Any, **options: Any) -> None:
        words = _(
            "A superuser is a person who has identified themselves: let them log in once, then"
            " run `make_superuser` with their email address."
        )
        raise CommandError(words)
