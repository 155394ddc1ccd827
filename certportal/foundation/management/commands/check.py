"""`manage.py check`: with --deploy the database is looked at too."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import check
from django.db import OperationalError, connections


class Command(check.Command):
    """Django's own; what the database says of the CAs must fit the keys of a deployment."""

    def handle(self, *app_labels: Any, **options: Any) -> None:
        """Check; `--deploy` without `--database` is about every database."""
        if options["deploy"] and not options["databases"]:
            options["databases"] = list(connections)
        try:
            super().handle(*app_labels, **options)
        except OperationalError as error:
            raise CommandError(f"The database cannot be asked: {error}") from error
