"""`manage.py check`: with --deploy the database is looked at too."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import check
from django.db import DatabaseError, connections


class Command(check.Command):
    """Django's own; what the database says of the CAs must fit the keys of a deployment."""

    def handle(self, *app_labels: Any, **options: Any) -> None:
        """Check; `--deploy` without `--database` is about every database."""
        if not options["deploy"] or options["databases"]:
            super().handle(*app_labels, **options)
            return
        try:
            super().handle(*app_labels, **options | {"databases": list(connections)})
        except DatabaseError as error:  # down, or not migrated yet
            super().handle(*app_labels, **options)
            why = str(error).partition("\n")[0]
            raise CommandError(f"All but the database was checked: {why}") from error
