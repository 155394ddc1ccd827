"""`manage.py claim_store`: make the shared store's documents this database's own."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from certportal.foundation import alarms
from certportal.foundation.files import ownership, sweeping
from certportal.foundation.files.faults import StoreAway
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    """Let this database delete documents that it does not know, from a week after this on."""

    help = "After a restore or a move: say that no other database uses the store's documents."

    def handle(self, *args: Any, **options: Any) -> None:
        """Claim; CommandError if there is no store or it does not answer."""
        if not settings.STORE_URL or not settings.USES_STORE:
            raise CommandError(_("Set STORE_URL, and STORE_KEY_FILE to the file of its key."))
        try:
            ownership.claim()
        except StoreAway as error:
            words = _("The store %(address)s does not answer (%(error)s): nothing was claimed.")
            raise CommandError(words % {"address": settings.STORE_URL, "error": error}) from error
        alarms.clear(sweeping.ALARM)
        words = _(
            "The store's documents now belong to this database. In a week the first documents"
            " that it does not know will be deleted."
        )
        self.stdout.write(words)
