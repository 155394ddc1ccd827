"""Show the progress of an identity key rotation, and drop superseded hashes."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from accounts.services.people import rotate_identifiers
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    """Counts identifiers hashed under the newest key of IDENTITY_KEYS, and drops old hashes."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--drop", action="store_true", help="remove the old hash where a new one exists"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["drop"]:
            gone = rotate_identifiers.drop_superseded(
                actor=system("rotate_identifiers"), now=clock.now()
            )
            self.stdout.write(_("Old hashes removed: %(count)s") % {"count": gone})
        found = rotate_identifiers.standing()
        words = _("Under key %(key)s: %(count)s")
        self.stdout.write(words % {"key": found.version, "count": found.renewed})
        self.stdout.write(_("Not yet: %(count)s") % {"count": found.remaining})
