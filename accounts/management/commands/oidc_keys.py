"""Make and change our keys towards an OpenID Connect provider (`OIDC_KEYS_FILE`)."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from accounts.identification.oidc import keys
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    """Makes the key set, adds the next keys, lets them sign, removes the old ones.

    In every case the public key set for the provider is written to standard output.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the private key set; made if it is missing")
        parser.add_argument("--signing", choices=keys.SIGNATURES, default="PS256")
        parser.add_argument("--encryption", choices=[*keys.KEY_ENCRYPTIONS, "none"])
        act = parser.add_mutually_exclusive_group()
        act.add_argument(
            "--next", action="store_true", help="add the next keys, which do not sign yet"
        )
        act.add_argument("--switch", action="store_true", help="sign with the added key")
        act.add_argument("--drop", action="store_true", help="remove the keys that were replaced")

    def handle(self, *args: Any, **options: Any) -> None:
        """Change the file as asked; print the public key set. A running service needs a restart."""
        path: Path = options["file"]
        try:
            held = self._changed(path, options)
            if held is not None:
                keys.write(path, held)
            public = keys.OurKeys(str(path)).public()
        except keys.KeysUnusable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(public, indent=1))

    def _changed(self, path: Path, options: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Return the private keys that the file is to hold; None if it stays as it is."""
        made = _new_keys(options["signing"], options["encryption"] or "RSA-OAEP")
        if not path.exists():
            return made
        held = [dict(key.as_dict(private=True)) for key in keys.OurKeys(str(path)).keys]
        if options["next"]:
            return held + made
        if options["switch"]:
            last = [[key for key in held if key["use"] == use][-1:] for use in keys.USES]
            front = [key for found in last for key in found]
            return front + [key for key in held if key not in front]
        if options["drop"]:
            first = [[key for key in held if key["use"] == use][:1] for use in keys.USES]
            return [key for found in first for key in found]
        return None


def _new_keys(signing: str, encryption: str) -> list[dict[str, Any]]:
    made = [keys.new_key("sig", signing)]
    return made if encryption == "none" else [*made, keys.new_key("enc", encryption)]
