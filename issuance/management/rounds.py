"""Shared part of the commands that keep published files and the shared store in agreement."""

import time
from abc import abstractmethod
from datetime import datetime
from typing import Any, Protocol

import structlog
from django.core.files.storage import InvalidStorageError, Storage, storages
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.files.faults import DamagedFile
from certportal.foundation.management.operators import OperatorCommand

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 2.0


class Carrier(Protocol):
    """Compares the files of this machine with the store, and copies what is new."""

    def round(self, *, now: datetime) -> bool:
        """Do one round; return whether both agree. Raises OSError, DamagedFile."""

    def finish(self, *, now: datetime) -> bool:
        """Do all rounds needed; return whether both agree. Raises OSError, DamagedFile."""


class RoundsCommand(OperatorCommand):
    """Copies files in rounds; a store that does not answer is asked again in the next round."""

    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do it once, and say how it went")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Do rounds for ever; with ``once``, CommandError unless files and store then agree."""
        try:
            carrier = self.carrier(storages["published"], options)
        except InvalidStorageError as error:
            words = _("Set STORE_URL, and STORE_KEY_FILE to the file of its key.")
            raise CommandError(words) from error
        if once:
            self._once(carrier)
            return
        logged = ""
        while True:
            fault = _fault(carrier)
            if fault != logged:
                log.warning("store_away" if fault else "store_back", error=fault or logged)
            logged = fault
            time.sleep(PAUSE_SECONDS)

    def _once(self, carrier: Carrier) -> None:
        try:
            if not carrier.finish(now=clock.now()):
                raise CommandError(_("Not everything is there yet; the log above tells more."))
        except (OSError, DamagedFile) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    @abstractmethod
    def carrier(self, store: Storage, options: dict[str, Any]) -> Carrier:
        """Return the object that does the rounds."""


def _fault(carrier: Carrier) -> str:
    """Do one round; return why it failed, or empty. The round itself logs missing files."""
    try:
        carrier.round(now=clock.now())
    except (OSError, DamagedFile) as error:
        return f"{type(error).__name__}: {error}"
    return ""
