"""Commands that speak the language of the operator who runs them."""

import os
import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

TERMINAL = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Where a terminal says its language, the stronger first, as for gettext."""
OTHERWISE = "en"


def language() -> str:
    """The language that OPERATOR_LANGUAGE names, or the terminal's; English for any other."""
    said = [os.environ.get("OPERATOR_LANGUAGE"), *(os.environ.get(name) for name in TERMINAL)]
    first = next((one for one in said if one), "")
    code = re.split(r"[_.@-]", first)[0].lower()
    return code if code in dict(settings.LANGUAGES) else OTHERWISE


class OperatorCommand(BaseCommand):
    """Base command: what it says, also when it fails, is in the operator's language."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it in that language, whichever was active."""
        with translation.override(language()):
            return super().execute(*args, **options)
