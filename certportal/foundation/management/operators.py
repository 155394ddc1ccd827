"""Commands that speak the language of the operator who runs them."""

import os
import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

from certportal.foundation.errors import Unavailable

TERMINAL = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Where a terminal says its language, the stronger first, as for gettext."""
OTHERWISE = "en"


def language() -> str:
    """The language that OPERATOR_LANGUAGE names, or the terminal's; English for any other."""
    said = [os.environ.get("OPERATOR_LANGUAGE"), *(os.environ.get(name) for name in TERMINAL)]
    first = next((one for one in said if one), "")
    code = re.split(r"[_.@-]", first)[0].lower()
    return code if code in dict(settings.LANGUAGES) else OTHERWISE


def words_of(error: DatabaseError) -> str | None:
    """Return what a failure of the database means to the operator; None if it is a defect of ours.

    The codes are PostgreSQL's, appendix A; without one no server has answered.
    """
    code = getattr(error.__cause__, "pgcode", None)
    why = str(error).strip().partition("\n")[0]
    with translation.override(language()):
        if code in {"42P01", "42703"}:  # undefined table, undefined column
            return _("The database is not prepared for this version (%(why)s): run migrate.") % {
                "why": why
            }
        if code == "42501":  # insufficient privilege
            return _(
                "The database's account of this process may not do that (%(why)s): run the command"
                " in the container that docs/operations.md names for it."
            ) % {"why": why}
        if isinstance(error, (OperationalError, InterfaceError)):
            return _(
                "The database does not answer (%(why)s): see whether it runs, and whether"
                " DATABASE_URL is its address. Nothing has been done that is not said above."
            ) % {"why": why}
    return None


def no_text(argument: bytes) -> str:
    """Return what to say of an argument that is not UTF-8."""
    with translation.override(language()):
        return _("An argument is not text in UTF-8: %(given)s. Nothing has been done.") % {
            "given": argument
        }


class OperatorCommand(BaseCommand):
    """Base command: what it says, also when it fails, is in the operator's language.

    What does not answer, and files that cannot be read or written, are told as CommandError; what
    else may go wrong in a way of its own, each command words itself.
    """

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it in that language, whichever was active."""
        with translation.override(language()):
            try:
                return super().execute(*args, **options)
            except Unavailable as error:
                raise CommandError(str(error) or type(error).__name__) from error
            except OSError as error:
                raise CommandError(_fault(error)) from error


def _fault(error: OSError) -> str:
    """Return which file it is about, and what to look at; for any other the system's own words."""
    if not error.filename or not error.strerror:
        return str(error) or type(error).__name__
    return _(
        "%(file)s: %(why)s. See whether this process may read and write there, whether it is"
        " mounted, and whether the disk has room."
    ) % {"file": error.filename, "why": error.strerror}
