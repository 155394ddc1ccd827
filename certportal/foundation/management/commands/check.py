"""`manage.py check`: with --deploy, the database checks run too."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import check
from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand, check.Command):
    """Django's own command; a deployment check also compares the database with the CA keys."""

    def handle(self, *app_labels: Any, **options: Any) -> None:
        """Check; `--deploy` without `--database` means all databases."""
        if not options["deploy"] or options["databases"]:
            super().handle(*app_labels, **options)
            return
        try:
            super().handle(*app_labels, **options | {"databases": list(connections)})
        except DatabaseError as error:  # down, or not migrated yet
            super().handle(*app_labels, **options)
            why = str(error).partition("\n")[0]
            words = _("Everything except the database was checked: %(why)s")
            raise CommandError(words % {"why": why}) from error
