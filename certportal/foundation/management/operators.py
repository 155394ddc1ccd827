"""The base of management commands: output and errors in the operator's language."""

import os
import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import translation
from django.utils.translation import gettext as _

from certportal.foundation.errors import Refused, Unavailable

TERMINAL = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Variables with the terminal's language, in gettext's order of precedence."""
OTHERWISE = "en"


def language() -> str:
    """Return the language of OPERATOR_LANGUAGE, else the terminal's; English if unsupported."""
    values = [os.environ.get("OPERATOR_LANGUAGE"), *(os.environ.get(name) for name in TERMINAL)]
    first = next((value for value in values if value), "")
    code = re.split(r"[_.@-]", first)[0].lower()
    return code if code in dict(settings.LANGUAGES) else OTHERWISE


def words_of(error: DatabaseError) -> str | None:
    """Return a sentence for the operator about a database error; None if it is a defect of ours.

    The codes are in PostgreSQL's manual, appendix A; an error without a code is not the server's.
    """
    code = getattr(error.__cause__, "pgcode", None)
    why = str(error).strip().partition("\n")[0]
    with translation.override(language()):
        if code in {"42P01", "42703"}:  # undefined table, undefined column
            return _unprepared(why)
        if code == "42501":  # insufficient privilege
            return _(
                "The database's account of this process may not do that (%(why)s): run the command"
                " in the container that docs/operations.md names for it."
            ) % {"why": why}
        if isinstance(error, (OperationalError, InterfaceError)):
            return _(
                "The database does not answer (%(why)s): see whether it runs, and whether"
                " DATABASE_URL is its address. Only what is said above has been done."
            ) % {"why": why}
    return None


def _unprepared(why: str) -> str:
    return _(
        "The database is not prepared for this version (%(why)s): run migrate. If the service's"
        " data are not in %(data)s, give PORTAL_DATA=DIR to the command instead."
    ) % {"why": why, "data": settings.PORTAL_DATA}


def no_text(argument: bytes) -> str:
    """Return the sentence for an argument that is not UTF-8."""
    with translation.override(language()):
        return _("An argument is not text in UTF-8: %(given)s. Nothing has been done.") % {
            "given": argument
        }


class OperatorCommand(BaseCommand):
    """Base command whose output and errors are in the operator's language.

    Raises Refused, Unavailable and OSError as CommandError. Each command words its other failures.
    One that would succeed with an empty database, or fail elsewhere first, has
    `requires_migrations_checks`.
    """

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command in that language, whichever was active."""
        with translation.override(language()):
            try:
                return super().execute(*args, **options)
            except (Refused, Unavailable) as error:
                raise CommandError(str(error) or type(error).__name__) from error
            except OSError as error:
                raise CommandError(_fault(error)) from error

    def check_migrations(self) -> None:
        """Refuse a database in which nothing has been migrated: usually that of another directory.

        One of the previous version is not refused, since it is backed up before an upgrade.
        """
        table = MigrationRecorder.Migration._meta.db_table
        if table not in connection.introspection.table_names():
            raise CommandError(_unprepared(table))


def _fault(error: OSError) -> str:
    """Return a sentence about the error's file; without a file, the system's own message."""
    if not error.filename or not error.strerror:
        return str(error) or type(error).__name__
    return _(
        "%(file)s: %(why)s. See whether this process may read and write there, whether it is"
        " mounted, and whether the disk has room."
    ) % {"file": error.filename, "why": error.strerror}
