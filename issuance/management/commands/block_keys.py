import argparse
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _, ngettext

from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused
from certportal.foundation.management.operators import OperatorCommand
from issuance.models import BlockedKey, Certificate
from issuance.services import hit_by, import_keys


class Command(OperatorCommand):
    """Add the SPKI hashes of a file to the block list; running it again adds nothing new."""

    help = "Block keys by SHA-256 of their SubjectPublicKeyInfo (hex), one on each line."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "file", type=argparse.FileType("r", encoding="ascii"), help="- for stdin"
        )
        parser.add_argument("--reason", choices=BlockedKey.REASONS, default="published")
        parser.add_argument(
            "--known-from",
            default="",
            help="name and date of the list, case number; no names of persons: it is kept for good",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the hashes; print the number of new ones, and the certificates in force with them.

        Every run prints these certificates until they are revoked.
        """
        name, now = options["file"].name, clock.now()
        try:
            with options["file"] as file:
                lines = file.readlines()
            more: dict[str, Any] = {"actor": system("block_keys"), "now": now}
            known_from = options["known_from"]
            new = import_keys(lines, options["reason"], known_from=known_from, **more)
        except UnicodeDecodeError as error:
            words = _("%(file)s is no text of hashes (hex), one on each line")
            raise CommandError(words % {"file": name}) from error
        except Refused as error:
            words = _("%(file)s: %(error)s Nothing was blocked.")
            raise CommandError(words % {"file": name, "error": error}) from error
        self.stdout.write(_("%(count)s new") % {"count": new})
        self._tell(hit_by(lines, now=now))

    def _tell(self, hit: Sequence[Certificate]) -> None:
        for certificate in hit:
            self.stdout.write(
                _("in force: %(ca)s %(serial)s until %(day)s, order %(order)s, key %(key)s")
                % {
                    "ca": certificate.issuing_ca.stem,
                    "serial": certificate.serial,
                    "day": f"{certificate.not_after:%Y-%m-%d}",
                    "order": certificate.reference,
                    "key": certificate.spki_sha256,
                }
            )
        if hit:
            message = ngettext(
                "%(count)s certificate in force has a blocked key. The console lists it, and a"
                " reviewer revokes it; if others have the key, within a day (CA/B BR 4.9.1.1).",
                "%(count)s certificates in force have a blocked key. The console lists them, and a"
                " reviewer revokes each; a key that others have, within a day (CA/B BR 4.9.1.1).",
                len(hit),
            )
            self.stdout.write(message % {"count": len(hit)})
