from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.own_files import write_new
from issuance.management.ceremonies import CeremonyCommand, add_people, add_root_keys, root_keys
from issuance.services.ceremony.ceremony_record import Record
from issuance.services.ceremony.root import chain_pem, sign_request


class Command(CeremonyCommand):
    help = "Sign the request of an issuing CA with the root key. Needs no database."
    keeps_records = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("request", help="the request (PEM) of request_issuing_ca")
        parser.add_argument("--out", required=True, help="file for the chain (PEM)")
        add_root_keys(parser, required=True)
        add_people(parser)

    def act(self, options: dict[str, Any]) -> None:
        now, keys = clock.now(), root_keys(options)
        assert keys is not None
        out = Path(options["out"])
        if out.exists():
            raise FileExistsError(str(out))
        path = options["request"]
        try:
            request = x509.load_pem_x509_csr(Path(path).read_bytes())
        except UNREADABLE as error:
            words = _("%(file)s is no certificate request (PEM).")
            raise CommandError(words % {"file": path}) from error
        place, chain = sign_request(request.public_bytes(Encoding.DER), keys=keys, now=now)
        write_new(out, chain_pem(chain), mode=0o640)
        record = Record(place.stem, chain[0], "where the request was made")
        self.write_minutes("issuing CA certified by its root", [record], options, now)
