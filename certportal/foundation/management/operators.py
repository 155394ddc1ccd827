"""Commands that speak the language of the operator who runs them."""

import os
import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

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
    """Base command: what it says, also when it fails, is in the operator's language."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it in that language, whichever was active."""
        with translation.override(language()):
            return super().execute(*args, **options)
