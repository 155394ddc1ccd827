from pathlib import Path
from typing import Any

from cryptography import x509
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.own_files import write_new
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority import crl
from issuance.authority.places import Place
from issuance.management.ceremonies import CeremonyCommand, add_root_keys, root_keys
from issuance.services.ceremony.root import REASONS, Revocation, next_list


class Command(CeremonyCommand):
    help = "Sign the next revocation list of a root, valid for a year. Needs no database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--environment", choices=["production", "test"], required=True)
        parser.add_argument("--branch", choices=list(SIGNATURE_ALGORITHMS), required=True)
        parser.add_argument("--revoke", help="certificate of an issuing CA to revoke on it")
        parser.add_argument("--reason", choices=REASONS, help="reason of that revocation")
        parser.add_argument(
            "--above", type=int, default=0, help="the CRL number must be higher than this"
        )
        parser.add_argument("--out", required=True, help="file for the list (DER)")
        add_root_keys(parser, required=True)

    def act(self, options: dict[str, Any]) -> None:
        keys, place = root_keys(options), Place(options["environment"], options["branch"])
        assert keys is not None
        if bool(options["revoke"]) != bool(options["reason"]):
            raise CommandError(_("Give --revoke and --reason together, or neither."))
        out = Path(options["out"])
        if out.exists():
            raise FileExistsError(str(out))
        revoke = []
        if options["revoke"]:
            revoke = [Revocation(_certificate(options["revoke"]), options["reason"])]
        der = next_list(place, keys, now=clock.now(), revoke=revoke, above=options["above"])
        write_new(out, der, mode=0o640)
        listed = crl.take_apart(der)
        facts = {
            _("Revocation list"): f"{place.root_stem}, {listed.facts.number}",
            _("Revoked CAs"): len(crl.by_serial(listed.entries)),
            _("Next list before"): f"{listed.facts.next_update:%Y-%m-%d}",
        }
        for name, value in facts.items():
            self.stdout.write(f"{name}: {value}")


def _certificate(path: str) -> x509.Certificate:
    content = Path(path).read_bytes()
    try:
        if content.startswith(b"-----"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except UNREADABLE as error:
        words = _("%(file)s is no certificate (PEM or DER).")
        raise CommandError(words % {"file": path}) from error
